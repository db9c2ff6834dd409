"""What people decide about calls that wait for them, and what nobody decides in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gevent
import structlog

from app.accounts import Account
from app.errors import BadInput, Conflict, NotFound, ParleyError
from app.events import Approval, Decision
from app.ids import now
from app.services.agents.parking import State, approval, encoded
from app.services.agents.resuming import Change, Resuming, Taken
from app.services.runs import Runs
from app.storage import parked
from app.storage.database import Database, Transaction
from app.tools.tool import BadArguments
from app.tools.toolbox import Toolbox

log = structlog.get_logger()

_LOOK = 2.0  # seconds between two looks for those whose time is up


class Approvals:
    """Whoever owns a run decides about its calls, with any key of theirs."""

    def __init__(
        self, database: Database, known: Runs, toolbox: Toolbox, resuming: Resuming
    ) -> None:
        self._database = database
        self._known = known
        self._toolbox = toolbox
        self._resuming = resuming
        self._watching: gevent.Greenlet[[], None] | None = None

    def watch(self) -> None:
        """Until `close`, deny what nobody has decided in time."""
        self._watching = gevent.spawn(self._watch)

    def close(self) -> None:
        if self._watching is not None:
            self._watching.kill()

    def waiting(self, owner: str, run_id: str) -> State | None:
        """What a run waits for; None if it does not."""
        try:
            return self._resuming.read(owner, run_id)
        except Taken:
            return None

    def decide(
        self,
        account: Account,
        run_id: str,
        call_id: str,
        decision: Decision,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what was decided about a call. With the last of its calls the run goes on.

        To decide the same again changes nothing.

        Raises:
            NotFound: there is no such call.
            Conflict: something else was decided before.
            BadInput: the arguments do not fit the tool.
            ParleyError: it cannot go on, and nothing is decided; see Resuming.go_on.
        """
        made = approval(call_id, decision, arguments)
        while not self._is_known(account.owner, run_id, made):
            try:
                self._decide(account, run_id, made)
            except Taken:  # in this very moment, by somebody else
                gevent.sleep(0)

    def _is_known(self, owner: str, run_id: str, made: Approval) -> bool:
        """Raises Conflict, NotFound."""
        state = self.waiting(owner, run_id)
        known = self._known.log(owner, run_id) if state is None else state.approvals
        for said in known:
            if isinstance(said, Approval) and said.call_id == made.call_id:
                if (said.decision, said.arguments) != (made.decision, made.arguments):
                    told = "nobody did in time" if said.by == "time" else said.decision
                    raise Conflict(f"It was decided about this call before: {told}.")
                return True
        if state is None or state.item(made.call_id).told is not None:
            raise NotFound("call that waits for approval")
        return False

    def _decide(self, account: Account, run_id: str, made: Approval) -> None:
        """Raises Taken."""
        owner, state = account.owner, self._resuming.read(account.owner, run_id)
        fitting = self._fitting(account, state.item(made.call_id).call.name, made)

        def change(state: State) -> None:
            state.decide(made, fitting)

        change(state)
        if state.waiting:
            self._database.write(lambda tx: self._put(tx, owner, run_id, change))
        else:
            self._resuming.go_on(owner, run_id, change, account)

    def _put(self, tx: Transaction, owner: str, run_id: str, change: Change) -> None:
        state = self._resuming.locked(tx, owner, run_id)
        change(state)
        if not state.waiting:  # the rest was decided meanwhile: this is the last one
            raise Taken
        parked.put(tx, run_id, encoded(state))

    def _fitting(self, account: Account, name: str, made: Approval) -> dict[str, Any] | None:
        """The arguments of an edit, as the tool takes them. Raises BadInput."""
        if made.arguments is None:
            return None
        tools = {tool.name: tool for tool in self._toolbox.granted(account, None)}
        if name not in tools:
            said = f"The tool {name} is not there any more, and its call can only be denied."
            raise BadInput(said, errors={"decision": [said]})
        try:
            return tools[name].load(made.arguments)
        except BadArguments as bad:
            said = "The arguments do not fit the tool."
            raise BadInput(said, errors={"arguments": list(bad.sentences)}) from bad

    def _watch(self) -> None:
        while True:
            gevent.sleep(_LOOK)
            try:
                self._expire()
            except ParleyError as error:
                log.warning("approvals_not_watched", reason=error.detail)

    def _expire(self) -> None:
        for owner, run_id in self._due():
            try:
                self._resuming.go_on(owner, run_id, State.expire)
            except Taken:
                continue  # somebody was faster
            except ParleyError as error:
                log.warning("run_not_resumed", run_id=run_id, code=error.code)
                if not error.retryable:
                    self._resuming.stop(owner, run_id)

    def _due(self) -> Sequence[tuple[str, str]]:
        return self._database.read(lambda tx: parked.expired(tx, now()))
