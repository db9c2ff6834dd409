"""A run that waits for a person: all that is needed to go on, at any worker, after any restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, get_type_hints

import msgspec

from app.accounts import Account
from app.errors import BadInput, NotFound
from app.events import Approval, Decision
from app.messages import Message, Part
from app.services.agents.item import Item
from app.services.agents.limits import Tally
from app.services.agents.step import Round
from app.services.agents.task import Task
from app.services.relay import Place


class State(msgspec.Struct, kw_only=True):
    """`said` is what was said since the user's message, `parts` the answer as it will be stored.

    `approvals` are what was decided so far, in its order. `expires_at` is in milliseconds.
    """

    task: Task
    account: dict[str, Any]
    conversation_id: str
    place: Place
    model: str
    granted: tuple[str, ...]
    tally: Tally
    round: Round
    items: list[Item]
    said: tuple[Message, ...]
    parts: tuple[Part, ...]
    events: int
    expires_at: int
    approvals: list[Approval] = []

    @property
    def waiting(self) -> Sequence[Item]:
        return [item for item in self.items if item.undecided and item.told is None]

    def item(self, call_id: str) -> Item:
        """Raises NotFound."""
        for item in self.items:
            if item.call.call_id == call_id and item.waits:
                return item
        raise NotFound("call that waits for approval")

    def decide(self, approval: Approval, arguments: dict[str, Any] | None = None) -> None:
        """`arguments` fit the tool, where they were edited."""
        item = self.item(approval.call_id)
        item.decision = approval.decision
        item.expired = approval.by == "time"
        if arguments is not None:
            item.arguments, item.edited = arguments, approval.arguments
        self.approvals.append(approval)

    def expire(self) -> None:
        """Nobody has decided about the rest."""
        for item in self.waiting:
            self.decide(Approval(item.call.call_id, "deny", "time"))


_decoder = msgspec.json.Decoder(State)


def encoded(state: State) -> str:
    return msgspec.json.encode(state).decode()


def decoded(text: str) -> State:
    return _decoder.decode(text)


def stored(account: Account) -> dict[str, Any]:
    """Without an allowance, which is for one task at one time."""
    fields = asdict(replace(account, allowance=None))
    del fields["allowance"]
    return fields


def account_of(fields: Mapping[str, Any]) -> Account:
    types = get_type_hints(Account)
    return Account(**{name: msgspec.convert(v, types[name]) for name, v in fields.items()})


def approval(call_id: str, decision: Decision, arguments: Mapping[str, Any] | None) -> Approval:
    """Raises BadInput: arguments come with an edit, and with nothing else."""
    if (decision == "edit") != (arguments is not None):
        said = 'Send `arguments` with the decision "edit", and with no other.'
        raise BadInput(said, errors={"arguments": [said]})
    written = None if arguments is None else msgspec.json.encode(arguments).decode()
    return Approval(call_id, decision, "person", written)
