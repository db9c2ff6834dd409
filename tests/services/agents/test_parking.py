"""What is written down of a run that waits, read back as it was."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.accounts import Account, Limits
from app.errors import BadInput, NotFound
from app.events import Approval, ToolCall, Usage
from app.messages import Message, ReasoningPart, TextPart, ToolCallPart
from app.services.agents.item import Item
from app.services.agents.limits import Tally
from app.services.agents.parking import State, account_of, approval, decoded, encoded, stored
from app.services.agents.step import Round
from app.services.agents.task import Task
from app.services.relay import Place

_KEY = Account(
    owner="ada",
    key_id="key_1",
    team="red",
    scopes=("agent",),
    models=("openai/*",),
    team_limits=Limits(streams=3),
    max_output_tokens=100,
)


def state() -> State:
    """One with all kinds of things in it."""
    waits = Item(ToolCall("c1", "send", '{"to": "\\u0000🙂"}'), {"to": "\0🙂"}, waits=True)
    done = Item(ToolCall("c2", "echo", "{}"), {}, output="a", told="a")
    thought = ReasoningPart("hm", "c2lnbmVk")
    return State(
        task=Task(message="Hi", max_cost_usd=Decimal("0.5"), tools=("send",)),
        account=stored(_KEY),
        conversation_id="conv_1",
        place=Place("msg_2", "msg_1", None),
        model="openai/x",
        granted=("send", "echo"),
        tally=Tally(1, 2, 0, Usage(5, 0, 0, 7), Decimal("0.25"), 1.5),
        round=Round(1, "Hi", cost_usd=None),
        items=[waits, done],
        said=(Message("assistant", (thought, ToolCallPart("c1", "send", "{}"))),),
        parts=(TextPart("\0"),),
        events=7,
        expires_at=1_800_000_000_000,
    )


def test_nothing_is_lost() -> None:
    """Every field comes back, whatever is in its texts."""
    once = encoded(state())
    assert encoded(decoded(once)) == once
    again = decoded(once)
    assert (again.task, again.said, again.tally) == (state().task, state().said, state().tally)


@pytest.mark.parametrize("account", [_KEY, Account(owner="local")])
def test_an_account_comes_back(account: Account) -> None:
    """With its limits, and those of its team."""
    assert account_of(decoded_fields(account)) == account


def decoded_fields(account: Account) -> dict[str, object]:
    """As they are after the database."""
    parked = state()
    parked.account = stored(account)
    return decoded(encoded(parked)).account


def test_what_nobody_decides_is_denied() -> None:
    """Those that wait, and no others."""
    parked = state()
    parked.expire()
    assert [item.decision for item in parked.items] == ["deny", None]
    assert parked.waiting == []
    assert parked.approvals == [Approval("c1", "deny", "time")]


def test_only_calls_that_wait_can_be_decided() -> None:
    """One that has run already is not there."""
    with pytest.raises(NotFound):
        state().decide(Approval("c2", "approve"))


def test_arguments_belong_to_an_edit() -> None:
    """An edit without any is refused, and so are those of another decision."""
    for decision, arguments in (("edit", None), ("approve", {})):
        with pytest.raises(BadInput):
            approval("c1", decision, arguments)  # type: ignore[arg-type]
    assert approval("c1", "edit", {"a": 1}).arguments == '{"a":1}'
