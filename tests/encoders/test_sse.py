"""Framing, heartbeat, and the ending that the encoder owns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.encoders import native, sse
from app.errors import NotFound
from app.events import Done, Event, TextDelta, Usage
from tests.encoders.clients import theirs
from tests.properties import cut, examples, texts

_DONE = Done("stop", Usage(), None)
_batches = st.lists(st.lists(texts.map(TextDelta), max_size=3), max_size=5)


def sent(batches: Sequence[Sequence[Event]], after: int = 0) -> list[bytes]:
    return list(sse.EventStream(native.encode, after).frames(iter(batches)))


def numbers(chunks: list[bytes]) -> list[int]:
    return [int(number) for number, _, _ in theirs(chunks)]


def breaking(error: BaseException, *before: Sequence[Event]) -> Iterator[Sequence[Event]]:
    yield from before
    raise error


@examples(100)
@given(_batches, st.integers(0, 10_000), st.lists(st.integers(0, 10_000), max_size=4))
def test_numbers_have_no_gap(batches: list[list[TextDelta]], after: int, places: list[int]) -> None:
    """Events are numbered from the one after `after` on, whatever batches they come in."""
    chunks = sent([*batches, [_DONE]], after)
    events = theirs(cut(b"".join(chunks), places))
    said = [event.text for batch in batches for event in batch]
    assert [int(n) for n, _, _ in events] == [after + n for n in range(1, len(said) + 2)]
    assert [name for _, name, _ in events] == ["delta"] * len(said) + ["done"]
    assert [json.loads(data)["text"] for _, _, data in events[:-1]] == said


@examples(50)
@given(_batches)
def test_one_batch_is_one_write(batches: list[list[TextDelta]]) -> None:
    """The opening and every batch are a piece each, and an empty batch is a heartbeat."""
    chunks = sent(batches)
    assert len(chunks) == len(batches) + 1
    assert [chunk == b": hb\n" for chunk in chunks] == [True] + [not batch for batch in batches]


def test_the_first_byte_waits_for_nothing() -> None:
    """A comment goes out before the run is even asked for an event."""

    def never() -> Iterator[Sequence[Event]]:
        pytest.fail("The first event was asked for.")
        yield ()

    assert next(sse.EventStream(native.encode).frames(never())) == b": hb\n"


@pytest.mark.parametrize(
    "error", [RuntimeError("secret"), NotFound("run"), UnicodeError(), RecursionError()]
)
def test_a_break_in_the_middle_ends_in_one_error(error: Exception) -> None:
    """Whatever breaks behind the first byte, one error with the next number is the end."""
    batches = breaking(error, [TextDelta("a"), TextDelta("b")], ())
    events = theirs(list(sse.EventStream(native.encode, after=4).frames(batches)))
    assert [(n, name) for n, name, _ in events] == [("5", "delta"), ("6", "delta"), ("7", "error")]
    problem = json.loads(events[-1][2])
    assert (problem["code"], problem["retryable"]) == ("internal_error", False)
    assert "secret" not in events[-1][2]


def test_an_event_that_cannot_be_encoded_ends_in_one_error() -> None:
    """A fault of the encoder itself is an ending too, without a gap in the numbers."""

    def picky(number: int, event: Event) -> str:
        if event == TextDelta("b"):
            raise ValueError
        return native.encode(number, event)

    batches: list[list[Event]] = [[TextDelta("a")], [TextDelta("c"), TextDelta("b")], [_DONE]]
    events = theirs(list(sse.EventStream(picky).frames(batches)))
    assert [(n, name) for n, name, _ in events] == [("1", "delta"), ("2", "error")]


def test_a_client_that_leaves_gets_no_last_word() -> None:
    """Closing the stream closes quietly: a write to nobody would be an error of its own."""
    batches: list[list[Event]] = [[TextDelta("a")], [_DONE]]
    stream = sse.EventStream(native.encode).frames(iter(batches))
    assert next(stream) == b": hb\n"
    assert numbers([next(stream)]) == [1]
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert list(stream) == []


class Wire:
    """A connection that keeps what it is offered; `broken`, it refuses."""

    def __init__(self, broken: Exception | None = None) -> None:
        self.sent: list[bytes] = []
        self._broken = broken

    def offer(self, frames: str, last: bool) -> bool:
        if self._broken:
            raise self._broken
        self.sent.append(frames.encode())
        return True

    def flush(self) -> None:
        """It has no rest."""


@examples(60)
@given(st.lists(st.tuples(st.booleans(), st.lists(texts.map(TextDelta), min_size=1, max_size=3))))
def test_numbers_go_on_past_the_greenlet(steps: list[tuple[bool, list[TextDelta]]]) -> None:
    """Whether a batch is written at once or yielded, the client reads one stream without a gap."""
    yielded: list[Sequence[Event]] = [batch for direct, batch in steps if not direct]
    wire = Wire()
    stream = sse.EventStream(native.encode, 0, wire)
    frames = stream.frames(iter([*yielded, [_DONE]]))
    wire.sent.append(next(frames))
    for direct, batch in steps:
        if direct:
            assert stream.offer(batch, last=False)
        else:
            wire.sent.append(next(frames))
    wire.sent += frames
    events = theirs(wire.sent)
    said = [event.text for _, batch in steps for event in batch]
    assert [int(n) for n, _, _ in events] == list(range(1, len(said) + 2))
    assert [json.loads(data)["text"] for _, _, data in events[:-1]] == said


def test_a_fault_outside_the_greenlet_ends_the_stream() -> None:
    """What breaks while a batch is written at once ends the stream as any other fault does."""
    for fault, ends in ((ValueError("broken"), ["error"]), (ConnectionResetError(), [])):
        stream = sse.EventStream(native.encode, 0, Wire(fault))
        assert not stream.offer([TextDelta("a")], last=False)
        assert [name for _, name, _ in _until_it_ends(stream)] == ends


def _until_it_ends(stream: sse.EventStream) -> list[tuple[str, str, str]]:
    """What follows a fault: the reader's greenlet is woken and flushes."""

    def waiting() -> Iterator[Sequence[Event]]:
        stream.flush()
        yield ()

    sent: list[bytes] = []
    with suppress(OSError):
        for frame in stream.frames(waiting()):
            sent.append(frame)
    return theirs(sent)
