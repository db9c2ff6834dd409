"""The calls of one answer: looked at, carried out side by side or in turn, and told the model."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from gevent import Timeout
from gevent.pool import Pool

from app.events import ToolCall, ToolResult
from app.ids import new_id
from app.messages import Message, ToolCallPart, ToolResultPart
from app.services.agents.carrying import Outcome, carried_out
from app.services.agents.item import Item
from app.services.agents.journal import Journal
from app.services.agents.limits import Tally
from app.services.agents.means import Means, left
from app.services.agents.shortening import LOGGED, NOTED, shortened
from app.tools.tool import BadArguments, Scene

_AT_ONCE = 8
_GOODBYE = 0.2  # seconds for tools that are ended to clean up
# What both vendors take for the id of a call.
_ID = re.compile("[A-Za-z0-9_-]{1,40}")
_SENTENCES = 5  # of what is wrong with arguments


class Calling:
    """`tally` counts the calls, and those that came to nothing."""

    def __init__(self, means: Means, journal: Journal, tally: Tally) -> None:
        self._means = means
        self._journal = journal
        self._tally = tally
        self._tools = means.tools
        self._known = {part.call_id for part in _calls(means)}

    def items(self, calls: Sequence[ToolCall]) -> list[Item]:
        """What is to become of each; what can't be carried out has been told already."""
        items = [Item(self._named(call)) for call in calls]
        refusals = [(item, self._refusal(item)) for item in items]
        marked = [
            msgspec.structs.replace(item.call, needs_approval=item.waits and said is None)
            for item, said in refusals
        ]
        self._journal.called(marked)
        for item, said in refusals:
            if said is not None:
                self._tell(item, Outcome(said, is_error=True, foreign=False))
        return items

    def carry_out(self, items: Sequence[Item]) -> bool:
        """Carry out what may be now. Whether some wait for a person."""
        for item in items:
            if item.told is None and item.call.name not in self._tools:  # since it was parked
                said = "This tool is not there any more."
                self._tell(item, Outcome(said, is_error=True, foreign=False))
        due = [item for item in self._due(items) if item.told is None]
        side_by_side = all(self._tool(item).parallel for item in due)
        pool = Pool(_AT_ONCE if side_by_side else 1)
        try:
            with Timeout(left(self._means.answer_at), False):  # type: ignore[arg-type]
                for item in due:
                    pool.spawn(self._carry_out, item)
                pool.join()
        finally:
            pool.kill(timeout=_GOODBYE)
        for item in due:
            if item.told is None:
                said = "The time for this answer was up before it had ended."
                self._tell(item, Outcome(said, is_error=True, foreign=False))
        return any(item.told is None for item in items)

    def results(self, items: Sequence[Item]) -> Message:
        """For the model, in the order of the calls."""
        told = (
            ToolResultPart(item.call.call_id, item.told or "", item.error is not None)
            for item in items
        )
        return Message("user", tuple(told))

    def _named(self, call: ToolCall) -> ToolCall:
        """With an id that no other call of the conversation has."""
        good = _ID.fullmatch(call.call_id) and call.call_id not in self._known
        call_id = call.call_id if good else new_id("call")
        self._known.add(call_id)
        return ToolCall(call_id, call.name, call.arguments)

    def _refusal(self, item: Item) -> str | None:
        """Why it is not carried out."""
        limit = self._means.limits.tool_calls
        if self._tally.calls >= limit:
            return f"It was not carried out: {limit} calls are all that there may be."
        self._tally.calls += 1
        tool = self._tools.get(item.call.name)
        if tool is None:
            self._tally.errors += 1
            there = ", ".join(self._tools) or "none"
            return f"There is no tool {item.call.name[:80]!r}. The tools are: {there}."
        try:
            item.arguments = tool.load(item.call.arguments)
        except BadArguments as bad:
            self._tally.errors += 1
            return "The arguments do not fit. " + shortened(
                " ".join(bad.sentences[:_SENTENCES]), LOGGED
            )
        item.waits = tool.approval
        return None

    def _due(self, items: Sequence[Item]) -> Sequence[Item]:
        """Side by side, all that need not wait; in turn, those before the first that has to."""
        known = [item for item in items if item.told is None]
        if all(self._tool(item).parallel for item in known):
            return [item for item in items if not item.undecided]
        waiting = (at for at, item in enumerate(items) if item.told is None and item.undecided)
        return items[: next(waiting, len(items))]

    def _tool(self, item: Item) -> Any:
        return self._tools[item.call.name]

    def _carry_out(self, item: Item) -> None:
        if item.decision == "deny":
            self._tell(item, Outcome(item.denial, is_error=True, foreign=False))
            return
        tool, began = self._tool(item), time.monotonic()
        assert item.arguments is not None
        seconds = min(tool.seconds, left(self._means.answer_at))
        most = self._means.most_of_a_result
        outcome = carried_out(tool, item.arguments, self._scene(began + seconds), seconds, most)
        item.seconds = round(time.monotonic() - began, 3)
        if outcome.is_error:
            self._tally.errors += 1
        self._tell(item, outcome)

    def _scene(self, deadline: float) -> Scene:
        means, errand = self._means, self._means.errand
        conversation_id = errand.turn.conversation_id
        return means.around.scenes.of(errand.account, means.run_id, conversation_id, deadline)

    def _tell(self, item: Item, outcome: Outcome) -> None:
        item.told = self._delimited(outcome.text) if outcome.foreign else outcome.text
        if item.edited is not None and item.decision == "edit":
            item.told = f"A person has changed the arguments to {item.edited}.\n{item.told}"
        text = shortened(outcome.text, LOGGED)
        if outcome.is_error:
            item.error = shortened(text, NOTED)
        else:
            item.output = text
        call_id = item.call.call_id
        self._journal.told(ToolResult(call_id, item.output, item.error), item.told)

    def _delimited(self, text: str) -> str:
        """As data, between marks that depend on it, so that nobody can have written them there."""
        mark = self._means.around.mark(text.encode("utf-8", "surrogatepass"))
        return f"data {mark}\n{text}\ndata {mark}"


def _calls(means: Means) -> Sequence[ToolCallPart]:
    said = (part for message in means.errand.turn.branch for part in message.parts)
    return [part for part in said if isinstance(part, ToolCallPart)]
