"""The way of an answer's events: from where it comes from into the run's log.

This is the hot path: `_sorted` runs for every read from a provider.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from app.errors import OutputTooLong
from app.events import (
    Began,
    Finish,
    ModelEvent,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    UsageReport,
)
from app.metrics import Metrics
from app.runs.run import Run
from app.services.attempts import Composed
from app.services.models import Candidate, Model
from app.services.settlement import Figures

Said = TextDelta | ReasoningDelta | ReasoningSignature | ToolInputDelta | ToolCall


class Origin(Protocol):
    """Where an answer comes from. What it says of itself holds from its first event on."""

    @property
    def cached(self) -> bool: ...

    @property
    def answering(self) -> Candidate: ...

    @property
    def composed(self) -> Composed: ...

    def answer(self) -> AbstractContextManager[Iterable[Sequence[ModelEvent]]]: ...


@dataclass(frozen=True)
class Place:
    """Where an answer stands in its conversation."""

    message_id: str
    question_id: str
    above_id: str | None


class Relay:
    """`figures` is what the provider reported, `size` the bytes that were said.

    Without a `place` the run belongs to no conversation, and its log has the calls of tools while
    they are written, too.
    """

    def __init__(
        self, run: Run, place: Place | None, origin: Origin, most_bytes: int, metrics: Metrics
    ) -> None:
        self.figures = Figures()
        self.size = 0
        self.began = time.monotonic()
        self.origin = origin
        self._run = run
        self._place = place
        self._most_bytes = most_bytes
        self._metrics = metrics
        self._announced = False

    @property
    def model(self) -> Model:
        return self.origin.answering.model

    def announce(self) -> None:
        """Put the Start into the log, if it is not there: as soon as it is sure who answers."""
        if self._announced:
            return
        self._announced = True
        self._run.append([self._beginning()])

    def _beginning(self) -> Start | Began:
        if self._place is None:
            return Began(self._run.id, self.model.id)
        return Start(
            run_id=self._run.id,
            conversation_id=self._run.conversation_id,
            message_id=self._place.message_id,
            user_message_id=self._place.question_id,
            parent_id=self._place.above_id,
            model=self.model.id,
            truncated_turns=self.origin.composed.truncated_turns,
        )

    def run(self) -> None:
        """Raises what the origin raises, and OutputTooLong."""
        with self.origin.answer() as batches:
            for batch in batches:
                before = self.size
                if said := self._sorted(batch):
                    if not before:
                        self.announce()
                    self._run.append(said)
                    if not before:
                        self._first_token()
                if self.size > self._most_bytes:
                    raise self._too_long()

    def _sorted(self, batch: Sequence[ModelEvent]) -> list[Said]:
        """What was said, and weighed. Usage and ending are kept for the log's end."""
        said: list[Said] = []
        for event in batch:
            if type(event) is TextDelta or type(event) is ReasoningDelta:
                text = event.text
                self.size += len(text) if text.isascii() else len(text.encode())
                said.append(event)
            elif isinstance(event, UsageReport):
                self.figures.usage = event.usage
            elif isinstance(event, Finish):
                self.figures.finish = event
            elif isinstance(event, ToolInputDelta):
                self.size += len(event.text.encode())
                if self._place is None:
                    said.append(event)
            elif isinstance(event, ToolCall) or self._place is None:  # a ReasoningSignature
                said.append(event)
        return said

    def _first_token(self) -> None:
        waited = time.monotonic() - self.began
        self._metrics.first_token.labels(self.model.provider.name).observe(waited)

    def _too_long(self) -> OutputTooLong:
        """It bounds the log, and with it everything that is made of it."""
        return OutputTooLong(
            f"The answer is longer than the {self._most_bytes} bytes that one may be."
        )
