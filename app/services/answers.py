"""Answers that may be given again, to callers who ask for it.

A key covers the tenant and every field that is sent to a model. Only whole answers are kept: not
what was cut at a limit, filtered, stopped or broken. While one caller's call is under way others
with the same question wait for it, so that it is asked once. With Redis what one worker kept the
others find; without, each has what it kept itself.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

import msgspec
import structlog
from gevent.event import Event as Signal

from app.cluster.connection import RedisAway
from app.cluster.shelf import Shelf
from app.events import Finish, ModelEvent, ReasoningDelta, TextDelta, Usage, UsageReport
from app.providers.base import ModelRequest
from app.services.attempts import Attempts, Composed
from app.services.models import Candidate

log = structlog.get_logger()

Said = TextDelta | ReasoningDelta

# Bytes of one answer that others may find. A longer one is kept by whoever had it.
_SHARED = 262_144
_decoder = msgspec.msgpack.Decoder(tuple[str, list[tuple[bool, str]]])


def key_of(owner: str, requests: Sequence[tuple[str, ModelRequest]], mark: str = "") -> bytes:
    """For what a chain of models would be asked, each with its full name.

    `mark` is another one where other rules hold for what may be said. It begins as all keys of
    the owner do.
    """
    return _mark_of(owner) + sha256(msgspec.json.encode([owner, requests, mark])).digest()


def _mark_of(owner: str) -> bytes:
    return sha256(owner.encode()).digest()[:16]


@dataclass(frozen=True)
class _Kept:
    """`until` by the monotonic clock; `model` is the full name of who said it."""

    until: float
    model: str
    said: tuple[Said, ...]
    size: int


class Answers:
    """Of this process; forgotten after `seconds`, and the oldest first beyond `size` bytes.

    `shelf` is where other workers find them, and we theirs.
    """

    def __init__(self, seconds: float, size: int = 33_554_432, shelf: Shelf | None = None) -> None:
        self._seconds = seconds
        self._most = size // 8  # of one answer
        self._room = size
        self._shelf = shelf
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self.under_way: dict[bytes, Signal] = {}

    def get(self, key: bytes) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is not None and kept.until < time.monotonic():
            self._drop(key)
            return None
        return kept

    def fetch(self, key: bytes) -> _Kept | None:
        """What another worker kept; None as well where nobody can tell just now."""
        if self._shelf is None:
            return None
        try:
            found = self._shelf.get(key.hex())
            if found is None:
                return None
            model, said = _decoder.decode(found[0])
        except (RedisAway, msgspec.DecodeError):  # or it is of another version of ours
            return None
        return self._put(key, model, _events(said), found[1])

    def keep(self, key: bytes, answering: Candidate, events: Sequence[ModelEvent]) -> None:
        """Keep the answer if it is whole."""
        said = tuple(e for e in events if isinstance(e, (TextDelta, ReasoningDelta)))
        whole = isinstance(events[-1], Finish) and events[-1].reason == "stop"
        model = answering.model.id
        if not whole or not said or self._put(key, model, said, self._seconds) is None:
            return
        data = msgspec.msgpack.encode([model, [(type(e) is TextDelta, e.text) for e in said]])
        if self._shelf is not None and len(data) <= _SHARED:
            try:
                self._shelf.put(key.hex(), data, self._seconds)
            except RedisAway:
                log.info("answer_not_shared")

    def forget(self, owner: str, *, everywhere: bool = False) -> None:
        """All that an owner was answered: here, and where other workers find it.

        Raises RedisAway, where that cannot be reached.
        """
        mark = _mark_of(owner)
        for key in [key for key in self._kept if key.startswith(mark)]:
            self._drop(key)
        if everywhere and self._shelf is not None:
            self._shelf.clear(mark.hex())

    def _put(self, key: bytes, model: str, said: tuple[Said, ...], seconds: float) -> _Kept | None:
        size = sum(100 + len(event.text) * 4 for event in said)
        if size > self._most:
            return None
        self._drop(key)
        kept = self._kept[key] = _Kept(time.monotonic() + seconds, model, said, size)
        self._room -= size
        while self._room < 0:
            self._drop(next(iter(self._kept)))
        return kept

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
        if self._hit is None:
            return self._attempts.answering
        model = self._hit.model
        return next(c for c in self._attempts.candidates if c.model.id == model)

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
        yield self._again(hit)

    @contextmanager
    def _asked(self) -> Iterator[Iterable[Sequence[ModelEvent]]]:
        signal = self._answers.under_way[self._key] = Signal()
        events: list[ModelEvent] = []
        try:
            if hit := self._answers.fetch(self._key):
                yield self._again(hit)
                return
            self._attempts.metrics.cached.labels("miss").inc()
            with self._attempts.answer() as batches:
                yield _noted(batches, events)
            self._answers.keep(self._key, self._attempts.answering, events)
        finally:
            del self._answers.under_way[self._key]
            signal.set()

    def _again(self, hit: _Kept) -> Iterable[Sequence[ModelEvent]]:
        self._hit, self.cached = hit, True
        self._attempts.metrics.cached.labels("hit").inc()
        return [[*hit.said, UsageReport(Usage()), Finish("stop")]]


def _events(said: Sequence[tuple[bool, str]]) -> tuple[Said, ...]:
    return tuple(TextDelta(text) if is_text else ReasoningDelta(text) for is_text, text in said)


def _noted(
    batches: Iterable[Sequence[ModelEvent]], events: list[ModelEvent]
) -> Iterator[Sequence[ModelEvent]]:
    for batch in batches:
        events += batch
        yield batch
