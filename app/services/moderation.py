"""What is said, held against the rules of the configuration: questions whole, answers as they come.

Every way to a model leads through a provider, so that is where answers are filtered: whatever is
made of one (a run's log, its replay, what is stored or kept to be given again) never had what was
blocked. Questions are looked at before anything is stored or paid for; behind that, a provider
refuses what no use case has refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar

import gevent
import msgspec
import structlog

from app.errors import ContentFiltered, ProviderError, Unavailable
from app.filtering.rules import NONE, Direction, Rule, Rules
from app.filtering.sieve import Blocked, Screen, Tally
from app.messages import Message, Part, TextPart, ToolResultPart
from app.metrics import Metrics
from app.providers.base import ModelRequest
from app.services.turns import Ask

log = structlog.get_logger()

# The categories that a text falls into. Raises ProviderError.
Judge = Callable[[str], Collection[str]]

Asked = TypeVar("Asked", bound=Ask)

# Characters from which on a text is read in a thread: they take 0.5 to 5 µs each.
_LONG = 10_000


class Moderation:
    """The rules at work. Without rules everything passes, and costs nothing.

    `judge` is who knows OpenAI's moderation; rules that ask it need one.
    """

    def __init__(
        self, rules: Rules = NONE, metrics: Metrics | None = None, judge: Judge | None = None
    ) -> None:
        self.mark = rules.mark
        self.answers = Screen(rules.of("answer"))
        # In data of a call nothing is masked: it is not prose, and would not be what was meant.
        self.calls = Screen([rule for rule in rules.of("answer") if rule.action != "mask"])
        self._questions = Screen(rules.of("question"))
        self._documents = Screen([r for r in rules.of("question") if r.action != "mask"])
        self._blocking = Screen([r for r in rules.of("question") if r.action == "block"])
        self._masking = Screen([r for r in rules.of("question") if r.action == "mask"])
        self._judged: Mapping[Direction, list[Rule]] = {
            "question": [rule for rule in rules.of("question") if rule.moderation],
            "answer": [rule for rule in rules.of("answer") if rule.moderation],
        }
        self._metrics = metrics
        self._judge = judge

    @property
    def holds_answers(self) -> bool:
        """Whether an answer is judged whole before anything of it is shown."""
        return any(rule.action == "block" for rule in self._judged["answer"])

    @property
    def filters_answers(self) -> bool:
        return bool(self.answers or self._judged["answer"])

    def question(self, text: str) -> str:
        """What a caller says, as it may be sent and kept.

        Raises:
            ContentFiltered: a rule blocks it.
            Unavailable: a rule needs OpenAI's word on it, and that cannot be had.
        """
        if not self.mark:
            return text
        tally = Tally()
        try:
            text = _read(self._questions, text, tally)
            self.judge("question", text, tally)
        except Blocked as blocked:
            raise _refused(blocked) from blocked
        finally:
            self.note("question", tally)
        return text

    def asked(self, ask: Asked) -> Asked:
        """A turn with its texts as they may be sent and kept. Raises as `question`."""
        if not self.mark:
            return ask
        system = None if ask.system is None else self.question(ask.system)
        return replace(ask, message=self.question(ask.message), system=system)

    def brought(self, request: ModelRequest) -> ModelRequest:
        """The same for a conversation that the caller has brought. Raises as `question`."""
        if not self.mark:
            return request
        messages = tuple(Message(m.role, tuple(map(self._part, m.parts))) for m in request.messages)
        system = None if request.system is None else self.question(request.system)
        return msgspec.structs.replace(request, messages=messages, system=system)

    def document(self, text: str) -> None:
        """A text that data is to be taken from, so that nothing in it is masked: every value is
        held against it. Raises as `question`.
        """
        if not self.mark:
            return
        tally = Tally()
        try:
            _read(self._documents, text, tally)
            self.judge("question", text, tally)
        except Blocked as blocked:
            raise _refused(blocked) from blocked
        finally:
            self.note("question", tally)

    def refuse(self, request: ModelRequest) -> None:
        """Raises ContentFiltered: what is new in it should have been refused before."""
        if self._blocking:
            try:
                _read(self._blocking, request.messages[-1].text, Tally())
            except Blocked as blocked:
                raise _refused(blocked) from blocked

    def masked(self, request: ModelRequest) -> ModelRequest:
        """With the last message masked, for a provider who only counts."""
        *above, last = request.messages
        if not self._masking:
            return request
        parts = [
            TextPart(_read(self._masking, p.text, Tally())) if isinstance(p, TextPart) else p
            for p in last.parts
        ]
        message = Message(last.role, tuple(parts))
        return msgspec.structs.replace(request, messages=(*above, message))

    def _part(self, part: Part) -> Part:
        if isinstance(part, TextPart):
            return TextPart(self.question(part.text))
        if isinstance(part, ToolResultPart):
            return msgspec.structs.replace(part, output=self.question(part.output))
        return part

    def judge(self, direction: Direction, text: str, tally: Tally) -> None:
        """Ask OpenAI, if a rule says so. Raises Blocked, and Unavailable where it has to know."""
        rules = self._judged[direction]
        if not rules or not text.strip() or self._judge is None:
            return
        try:
            found = set(self._judge(text))
        except ProviderError as error:
            log.warning("moderation_failed", code=error.code, direction=direction)
            if any(rule.action == "block" for rule in rules):
                raise _unknown() from error
            return
        for rule in rules:
            if found and ("any" in rule.moderation or found & set(rule.moderation)):
                tally[rule.name, rule.action] += 1
                if rule.action == "block":
                    raise Blocked(rule.name)

    def note(self, direction: Direction, tally: Tally) -> None:
        """Count and log what was found: the rules' names, and nothing that was said."""
        for (rule, action), count in tally.items():
            log.info("filtered", rule=rule, action=action, direction=direction, count=count)
            if self._metrics is not None:
                self._metrics.filter_outcomes.labels(rule, action, direction).inc(count)


def _read(screen: Screen, text: str, tally: Tally) -> str:
    """Raises Blocked."""
    if len(text) < _LONG:
        return screen.passed(text, tally)
    passed: str = gevent.get_hub().threadpool.apply(screen.passed, (text, tally))
    return passed


def _refused(blocked: Blocked) -> ContentFiltered:
    return ContentFiltered(
        f"This server's rules do not let this text through (rule {blocked.rule}). It was neither "
        "sent to a model nor kept. Say it in another way."
    )


def _unknown() -> Unavailable:
    return Unavailable(
        "What was said is to be checked by a service that does not answer just now. Try again in "
        "a moment.",
        retry_after=5,
    )
