"""A batch under way: every document has one outcome, and nothing goes over the budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import Account
from app.errors import BadInput
from app.services.batches.batch import Batch, Document, Outcome, Totals
from app.services.batches.work import Work
from app.services.extraction.request import Request
from tests.services.batches.scripted import Scripted

_ACCOUNT = Account(owner="ada")


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(30):
        yield


def begin(script: Scripted, *texts: str, **settings: Any) -> Work:
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    batch = Batch(documents=documents, asked=Request(text="", schema="contact"), **settings)
    return Work(script, _ACCOUNT, batch)  # type: ignore[arg-type]  # it has what is needed


def done(script: Scripted, *texts: str, **settings: Any) -> Sequence[Outcome]:
    found = [outcome for outcome in begin(script, *texts, **settings).outcomes() if outcome]
    return sorted(found, key=lambda outcome: int(outcome.id))


def code(outcome: Outcome) -> str:
    return str((outcome.problem or {}).get("code"))


def total(outcomes: Sequence[Outcome]) -> Totals:
    totals = Totals()
    for outcome in outcomes:
        totals = totals.adding(outcome)
    return totals


@given(st.lists(st.sampled_from(["spend-2", "fail-4", "bug", "wait spend-1"]), max_size=12))
def test_every_document_has_one_outcome(texts: list[str]) -> None:
    """Whatever becomes of it and of the others; the totals have counted all."""
    outcomes = done(Scripted(), *texts)
    assert [int(outcome.id) for outcome in outcomes] == list(range(len(texts)))
    assert [o.status for o in outcomes] == ["ok" if "spend" in text else "failed" for text in texts]
    totals = total(outcomes)
    assert (totals.documents, totals.ok + totals.failed) == (len(texts), len(texts))
    assert totals.usage.input_tokens == 5 * texts.count("fail-4")


_costs = st.lists(st.tuples(st.sampled_from(["spend", "fail"]), st.integers(0, 10)), max_size=20)


@given(_costs, st.integers(0, 60))
def test_the_budget_is_never_exceeded(costs: list[tuple[str, int]], cents: int) -> None:
    """What is spent is within it, and skipped is only what could have gone over it."""
    texts = [f"{kind}-{cost}" for kind, cost in costs]
    outcomes = done(Scripted(), *texts, budget_usd=Decimal(cents) / 100)
    totals = total(outcomes)
    assert totals.cost_usd is not None
    assert totals.cost_usd * 100 <= cents
    assert bool(totals.skipped) <= (cents - totals.cost_usd * 100 < 10)
    assert {code(o) for o in outcomes if o.status == "skipped"} <= {"budget_spent"}


def test_what_is_skipped_is_not_asked_about() -> None:
    """When the money is spent, the rest is not begun, and each says how much is missing."""
    script = Scripted()
    outcomes = done(script, *["spend-10"] * 3, *["spend-1"] * 7, budget_usd=Decimal("0.35"))
    assert [outcome.status for outcome in outcomes] == ["ok"] * 3 + ["skipped"] * 7
    assert len(script.begun) <= 3 + 4
    said = str(outcomes[-1].problem)
    assert "0.35 US dollars at most 0.05 are left" in said
    assert "could cost 0.1." in said


def test_no_more_than_so_many_at_once() -> None:
    """The fifth waits for one of the first four."""
    script = Scripted()
    work = begin(script, *["hang"] * 6)
    gevent.sleep(0.05)
    assert (script.open, script.most) == (4, 4)
    work.stop()
    assert list(work.outcomes()) == []


def test_it_stops_at_once() -> None:
    """What is under way is let go of, its reader is told, and what was done is still given."""
    script = Scripted()
    work = begin(script, "spend-1", "hang", "hang", at_once=2)
    outcomes = work.outcomes()
    first = next(outcomes)
    assert first is not None
    assert first.id == "0"
    reader = gevent.spawn(list, outcomes)
    gevent.sleep(0.01)
    work.stop()
    assert reader.get(timeout=1) == []
    gevent.sleep(0)
    assert (script.open, work.stopped) == (0, True)


def test_stopping_what_is_done_changes_nothing() -> None:
    """It was not stopped, it has ended."""
    work = begin(Scripted(), "spend-1")
    assert len(list(work.outcomes())) == 1
    work.stop()
    assert not work.stopped


def test_silence_is_told() -> None:
    """While nothing finishes, the reader hears that there is nothing."""
    work = begin(Scripted(), "hang")
    assert next(work.outcomes(0.01)) is None
    work.stop()


def test_what_cannot_be_read_is_a_failure_of_its_own() -> None:
    """A document without a text says why; the others are extracted."""
    documents = [Document("a", BadInput("a is no text.")), Document("b", "spend-1")]
    batch = Batch(documents=documents, asked=Request(text="", schema="contact"))
    found = {o.id: o for o in Work(Scripted(), _ACCOUNT, batch).outcomes() if o}  # type: ignore[arg-type]
    assert (found["a"].status, found["b"].status) == ("failed", "ok")
    assert found["a"].problem
    assert found["a"].problem["detail"] == "a is no text."


def test_a_server_that_goes_down_skips_the_rest() -> None:
    """They are not failures of theirs, and can be sent again."""
    outcomes = done(Scripted(), "spend-1", "down", "spend-1", at_once=1)
    assert [outcome.status for outcome in outcomes] == ["ok", "skipped", "skipped"]
    assert code(outcomes[-1]) == "shutting_down"
