"""The incremental decoder against the HTML standard, written down naively."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers.sse import EventStreamDecoder, FrameTooLong
from tests.properties import cut, examples, texts

_lines = st.one_of(
    texts.map(lambda text: f"data: {text}"),
    texts.map(lambda text: f"data:{text}"),
    texts.map(lambda text: f": {text}"),
    texts,
    st.sampled_from(["data", "data:", "data: ", "", "", "", "database: x", " data: x", "id: 1"]),
    st.sampled_from(["event: done", "retry: 5", "data:  two", "\ufeffdata: x", ":", "DATA: x"]),
).map(lambda line: line.replace("\r", "").replace("\n", ""))
_ends = st.sampled_from(["\n", "\r", "\r\n"])
_streams = st.lists(st.tuples(_lines, _ends), max_size=14).map(
    lambda pairs: "".join(line + end for line, end in pairs)
)
_places = st.lists(st.integers(0, 5_000), max_size=8)


def reference(body: bytes) -> list[bytes]:
    """Sections 9.2.5 and 9.2.6 of the standard, on the whole text at once."""
    text = body.decode().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events: list[bytes] = []
    data: list[str] = []
    for line in text.split("\n")[:-1]:
        field, _, value = line.partition(":")
        if line == "" and data:
            events.append("\n".join(data).encode())
            data = []
        elif field == "data":
            data.append(value.removeprefix(" "))
    return events


def decoded(chunks: list[bytes]) -> list[bytes]:
    decoder = EventStreamDecoder()
    return [data for chunk in chunks for data in decoder.feed(chunk)]


@examples(250)
@given(_streams, st.booleans(), _places)
def test_any_stream_in_any_pieces(stream: str, bom: bool, places: list[int]) -> None:
    """Comments, unknown fields, a BOM, three line ends, any split: the standard's events."""
    body = ("\ufeff" * bom + stream).encode()
    assert decoded(cut(body, places)) == reference(body)


@examples(150)
@given(
    st.lists(
        st.sampled_from(["data: x", "data: y z", "data: ", "data:x", ": hb", "data: x\ndata: y"])
    ),
    st.sampled_from(["\n\n", "\n\n\n", "\n"]),
    _places,
)
def test_streams_as_servers_write_them(events: list[str], end: str, places: list[int]) -> None:
    """One line of data and an empty one, which is read by a shorter way; and what comes near it."""
    body = "".join(event + end for event in events).encode()
    assert decoded(cut(body, places)) == reference(body)


@examples(150)
@given(
    st.lists(texts.map(lambda text: text.replace("\r", "").replace("\n", "")), max_size=5),
    _ends,
    st.integers(1, 9),
)
def test_payloads_survive(payloads: list[str], end: str, step: int) -> None:
    """What a server frames is what comes out, in pieces of any one size, even of a byte."""
    body = "".join(f"event: x{end}data: {text}{end}{end}" for text in payloads).encode()
    chunks = [body[at : at + step] for at in range(0, len(body), step)]
    assert decoded(chunks) == [text.encode() for text in payloads]


@examples(100)
@given(_streams, _places)
def test_an_unfinished_event_is_not_delivered(stream: str, places: list[int]) -> None:
    """What the end of the stream cuts off never counts as an event."""
    body = stream.encode()
    for data in ("data: lost", "data: lost\n", "data: lost\r"):
        whole = reference(body + data.encode())
        assert decoded(cut(body + data.encode(), places)) == whole
        assert b"lost" not in whole


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_endless_event_is_refused(size: int) -> None:
    """A server that never ends its event cannot fill the memory."""
    decoder = EventStreamDecoder(limit=1_000)
    with pytest.raises(FrameTooLong):
        list(map(decoder.feed, [b"x" * size] * 2_000))


def test_long_streams_of_short_events_are_no_trouble() -> None:
    """The limit is one event's, not the stream's."""
    decoder = EventStreamDecoder(limit=100)
    assert sum(len(decoder.feed(b"data: 0123456789\n\n" * 20)) for _ in range(50)) == 1_000
