"""Answers that may be given again, to callers who ask for it.

A key covers the tenant and every field that is sent to a model. Only whole answers are kept: not
what was cut at a limit, filtered, stopped or broken. While one caller's call is under way others
with the same question wait for it, so that it is asked once.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from gevent.event import Event as Signal

from app.events import Finish, ModelEvent, ReasoningDelta, TextDelta, Usage, UsageReport
from app.providers.base import ModelRequest
from app.services.attempts import Attempts, Composed
from app.services.models import Candidate


def key_of(owner: str, requests: Sequence[tuple[str, ModelRequest]]) -> bytes:
    """For what a chain of models would be asked, each with its full name."""
    return sha256(msgspec.json.encode([owner, requests])).digest()


@dataclass(frozen=True)
class _Kept:
    until: float
    answering: Candidate
    said: tuple[ModelEvent, ...]
    size: int


class Answers:
    """Of this process; forgotten after `seconds`, and the oldest first beyond `size` bytes."""

    def __init__(self, seconds: float, size: int = 33_554_432) -> None:
        self._seconds = seconds
        self._most = size // 8  # of one answer
        self._room = size
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self.under_way: dict[bytes, Signal] = {}

    def get(self, key: bytes) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is not None and kept.until < time.monotonic():
            self._drop(key)
            return None
        return kept

    def keep(self, key: bytes, answering: Candidate, events: Sequence[ModelEvent]) -> None:
        """Keep the answer if it is whole."""
        said = tuple(e for e in events if isinstance(e, (TextDelta, ReasoningDelta)))
        size = sum(100 + len(event.text) * 4 for event in said)
        whole = isinstance(events[-1], Finish) and events[-1].reason == "stop"
        if not whole or not said or size > self._most:
            return
        self._drop(key)
        self._kept[key] = _Kept(time.monotonic() + self._seconds, answering, said, size)
        self._room -= size
        while self._room < 0:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: bytes) -> None:
        if kept := self._kept.pop(key, None):
            self._room += kept.size


class Cached:
    """Attempts that are made only if the answer is not there."""

    def __init__(self, attempts: Attempts, answers: Answers, key: bytes) -> None:
        self.cached = False
        self._attempts = attempts
        self._answers = answers
        self._key = key
        self._hit: _Kept | None = None

    @property
    def answering(self) -> Candidate:
        return self._hit.answering if self._hit else self._attempts.answering

    @property
    def composed(self) -> Composed:
        return self._attempts.composed

    @contextmanager
    def answer(self) -> Iterator[Iterable[Sequence[ModelEvent]]]:
        """As Attempts' own; a hit has no cost."""
        while (hit := self._answers.get(self._key)) is None:
            leader = self._answers.under_way.get(self._key)
            if leader is None:
                with self._asked() as batches:
                    yield batches
                return
            leader.wait()  # and see whether it left an answer
        self._hit, self.cached = hit, True
        yield [[*hit.said, UsageReport(Usage()), Finish("stop")]]

    @contextmanager
    def _asked(self) -> Iterator[Iterable[Sequence[ModelEvent]]]:
        signal = self._answers.under_way[self._key] = Signal()
        events: list[ModelEvent] = []
        try:
            with self._attempts.answer() as batches:
                yield _noted(batches, events)
            self._answers.keep(self._key, self._attempts.answering, events)
        finally:
            del self._answers.under_way[self._key]
            signal.set()


def _noted(
    batches: Iterable[Sequence[ModelEvent]], events: list[ModelEvent]
) -> Iterator[Sequence[ModelEvent]]:
    for batch in batches:
        events += batch
        yield batch
