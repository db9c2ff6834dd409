"""A run's log, made again from what is stored: event for event what was sent the first time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.errors import ParleyError, WorkerLost
from app.events import (
    Began,
    Done,
    Event,
    Failure,
    ReasoningDelta,
    Start,
    Terminal,
    TextDelta,
    Usage,
    UsageReport,
)
from app.ids import moment
from app.runs.run import Run
from app.storage.messages import StoredMessage
from app.storage.runs import State, StoredRun


@dataclass(frozen=True)
class LiveRun:
    """A run that no conversation keeps: there is as much of it as its worker remembers."""

    id: str
    model: str
    state: State
    created_at: int
    conversation_id: None = None
    message_id: None = None
    ended_at: None = None

    @classmethod
    def of(cls, run: Run) -> LiveRun:
        began = next((event for event in run.events if isinstance(event, Began)), None)
        ended = run.events[-1] if run.ended else None
        state: State = "running"
        if ended is not None:
            state = "done" if isinstance(ended, Done) else "failed"
        return cls(run.id, began.model if began else "", state, moment(run.id))


def pieces_of(log: Iterable[Event]) -> list[int]:
    """How the text was cut into events: lengths in characters, the reasoning's below zero."""
    return [
        len(event.text) if isinstance(event, TextDelta) else -len(event.text)
        for event in log
        if isinstance(event, (TextDelta, ReasoningDelta))
    ]


def replay(run: StoredRun, question: StoredMessage, answer: StoredMessage) -> Sequence[Event]:
    """The log of a run that has ended."""
    start = Start(
        run_id=run.id,
        conversation_id=run.conversation_id,
        message_id=run.message_id,
        user_message_id=question.id,
        parent_id=question.parent_id,
        model=run.model,
        truncated_turns=answer.truncated_turns,
    )
    usage = answer.usage or Usage()
    cost = answer.cost_usd
    said = _said(run.pieces or (), answer)
    return [start, *said, UsageReport(usage, cost), _end(answer, usage, cost)]


def lost() -> Failure:
    """The end of a run whose process ended before it did."""
    return Failure(WorkerLost().problem())


def _said(pieces: Sequence[int], answer: StoredMessage) -> Iterator[Event]:
    text, reasoning = answer.message.text, answer.message.reasoning
    at, thought = 0, 0
    for length in pieces:
        if length >= 0:
            yield TextDelta(text[at : at + length])
            at += length
        else:
            yield ReasoningDelta(reasoning[thought : thought - length])
            thought -= length


def _end(answer: StoredMessage, usage: Usage, cost: Decimal | None) -> Terminal:
    if answer.finish_reason is not None:
        return Done(answer.finish_reason, usage, cost, answer.source)
    if answer.error is not None:
        return Failure(answer.error)
    return Failure(ParleyError().problem())
