"""A run that was parked goes on where it stood, or comes to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from app.accounts import Account
from app.errors import NotAllowed
from app.events import Done, Event, UsageReport, collect
from app.runs import codec
from app.runs.run import Run
from app.services.agents.course import Course
from app.services.agents.journal import Journal
from app.services.agents.making import Making
from app.services.agents.means import Errand
from app.services.agents.parking import State, account_of, decoded
from app.services.composing import able
from app.services.models import Models, permitted
from app.services.replay import pieces_of
from app.services.runs import kept
from app.services.settlement import message
from app.services.turns import Turn
from app.storage import conversations, keys, messages, parked, run_logs, runs
from app.storage.database import Transaction
from app.tools.tool import Tool
from app.tools.toolbox import Toolbox

Change = Callable[[State], None]


class Taken(Exception):
    """Somebody else has decided, or goes on with it."""


class Resuming:
    """`forget` has what is shared of a run's log forgotten, because it is written anew."""

    def __init__(
        self, making: Making, models: Models, toolbox: Toolbox, forget: Callable[[str], None]
    ) -> None:
        self._making = making
        self._database = making.database
        self._models = models
        self._toolbox = toolbox
        self._forget = forget

    def read(self, owner: str, run_id: str) -> State:
        """Raises Taken: it does not wait."""
        return _known(self._database.read(lambda tx: parked.find(tx, owner, run_id)))

    def locked(self, tx: Transaction, owner: str, run_id: str) -> State:
        """The same, and nobody else changes it until the transaction ends."""
        return _known(parked.find(tx, owner, run_id, lock=True))

    def go_on(self, owner: str, run_id: str, change: Change, by: Account | None = None) -> None:
        """Take it out with all decided, and set an owner to work.

        Raises:
            Taken: it is gone, or some wait still.
            NotFound, NotAllowed, UnknownModel, BadInput: what it needs is not there any more.
            TooMany, Unavailable: it cannot go on now. Nothing has changed.
        """
        errand = self._errand(owner, self.read(owner, run_id), by)
        with self._making.place(errand) as begin:
            state, events = self._database.write(lambda tx: self._taken(tx, owner, run_id, change))
            self._forget(run_id)
            how = state.task.on_disconnect, self._making.house.grace
            run = Run.resumed(run_id, owner, state.conversation_id, events, *how)
            journal = Journal(run, state.place, self._database, state.parts, len(events))
            course = Course(list(state.said), state.round, state.items)
            begin(run, errand, journal, state.tally, course)

    def stop(self, owner: str, run_id: str) -> None:
        """End it without another word. Does nothing where it does not wait."""
        try:
            self._database.write(lambda tx: self._stopped(tx, owner, run_id))
        except Taken:
            return
        self._forget(run_id)

    def _taken(
        self, tx: Transaction, owner: str, run_id: str, change: Change
    ) -> tuple[State, Sequence[Event]]:
        """The state, and the log as it is now: what was decided in the place of the waiting."""
        state = self.locked(tx, owner, run_id)
        change(state)
        if state.waiting or not parked.take(tx, run_id, self._making.house.process):
            raise Taken
        events = kept(tx, run_id)[: state.events]
        run_logs.add(tx, run_id, state.events, codec.encode(state.approvals))
        return state, [*events, *state.approvals]

    def _stopped(self, tx: Transaction, owner: str, run_id: str) -> None:
        state = self.locked(tx, owner, run_id)
        parked.take(tx, run_id, self._making.house.process)
        tally, events = state.tally, kept(tx, run_id)[: state.events]
        end = Done("stopped", tally.usage, tally.cost_usd, stop_reason="stopped")
        ends: list[Event] = [UsageReport(tally.usage, tally.cost_usd), end]
        run_logs.add(tx, run_id, state.events, codec.encode(ends))
        if runs.finish(tx, run_id, state.model, "stopped", pieces_of(events)):
            said = message(collect(events), end, None, tally.usage, tally.cost_usd)
            messages.add(
                tx, state.conversation_id, msgspec.structs.replace(said, parts=state.parts)
            )
            conversations.touch(tx, state.conversation_id)

    def _errand(self, owner: str, state: State, by: Account | None) -> Errand:
        """What was asked, as it can still be done: there may be fewer tools, and never more."""

        def work(tx: Transaction) -> tuple[Account, Turn]:
            conversation = conversations.find(tx, owner, state.conversation_id)
            branch = messages.path(tx, conversation.id, state.place.question_id)
            begun = len(branch) == 1
            turn = Turn(conversation.id, conversation.system, branch, begun=begun)
            return _payer(tx, state, by), turn

        account, turn = self._database.read(work)
        there = {tool.name: tool for tool in self._toolbox.granted(account, None)}
        granted: Sequence[Tool] = [there[name] for name in state.granted if name in there]
        chain = permitted(account, self._models.resolve(state.task.model))
        errand = Errand(account=account, task=state.task, turn=turn, chain=chain, granted=granted)
        return replace(errand, chain=able(chain, lambda _: errand.request()))


def _known(found: str | None) -> State:
    if found is None:
        raise Taken
    return decoded(found)


def _payer(tx: Transaction, state: State, by: Account | None) -> Account:
    """Whose key it is: the one that it came with, or, if that is gone, the one that decides.

    Raises NotAllowed.
    """
    account = account_of(state.account)
    if account.key_id is None or keys.find(tx, account.key_id).state == "active":
        return account
    if by is None:
        raise NotAllowed("The key that this run came with is not valid any more.")
    return by
