"""Where a body ends, however its bytes arrive."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from http.client import HTTPResponse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers.transport.body import Body, BrokenFraming, Chunked, Counted, Endless, body_of
from tests.properties import cut, examples

_DATA = st.binary(max_size=40) | st.sampled_from([b"\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n"])
_EXTENSIONS = st.sampled_from(["", ";a", ';a="b c"', " ", " ;x=1"])
_TRAILERS = st.sampled_from([b"", b"X-Sum: 1\r\n", b"A: 1\r\nB: 0\r\n"])
_PLACES = st.lists(st.integers(0, 10_000), max_size=12)


@st.composite
def chunked(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A body, and how it may look in chunks (RFC 9112, section 7.1)."""
    parts = draw(st.lists(_DATA.filter(len), max_size=8))
    wire = b""
    for part in parts:
        size = draw(st.sampled_from(["{:x}", "{:X}", "{:04x}"])).format(len(part))
        wire += f"{size}{draw(_EXTENSIONS)}\r\n".encode() + part + b"\r\n"
    return b"".join(parts), wire + b"0\r\n" + draw(_TRAILERS) + b"\r\n"


def read(body: Body, arriving: Iterable[bytes]) -> bytes:
    """What a reader gets that stops where the body says it is whole."""
    got = b""
    for data in arriving:
        if body.done:
            break
        got += body.feed(data)
    return got


@given(chunked(), _PLACES)
@examples(80)
def test_chunks_however_they_are_cut(made: tuple[bytes, bytes], places: list[int]) -> None:
    """Cut anywhere, a chunked body is the same bytes and is whole at its end, not before."""
    said, wire = made
    body = Chunked()
    assert read(body, cut(wire, places)) == said
    assert body.done
    shortened = Chunked()
    read(shortened, cut(wire[: wire.rindex(b"\r\n0\r\n") + 2] if said else b"", places))
    assert not shortened.done


@given(st.lists(_DATA.filter(len), max_size=8), st.booleans(), _PLACES)
@examples(150)
def test_chunks_as_servers_write_them(parts: list[bytes], ended: bool, places: list[int]) -> None:
    """A size in plain hexadecimal and nothing besides, which is read by a shorter way."""
    wire = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    body = Chunked()
    assert read(body, cut(wire + b"0\r\n\r\n" * ended, places)) == b"".join(parts)
    assert body.done == ended
    whole = Chunked()
    whole.feed(wire + b"0\r\n\r\n" * ended)
    assert whole.clean == ended


@given(chunked())
@examples(40)
def test_chunks_as_the_standard_library_reads_them(made: tuple[bytes, bytes]) -> None:
    """http.client reads the same body off the same bytes."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    here, there = socket.socketpair()
    with here, there:
        there.sendall(head + made[1])
        response = HTTPResponse(here)
        response.begin()
        assert response.read() == read(Chunked(), [made[1]])


@given(chunked())
@examples(40)
def test_no_byte_is_held_back(made: tuple[bytes, bytes]) -> None:
    """Fed byte by byte, each byte of the body comes out with the read that brought it."""
    said, wire = made
    body, got, at = Chunked(), b"", 0
    for number in range(len(wire)):
        got += body.feed(wire[number : number + 1])
        if body.done:
            break
        whole = Chunked()
        assert got == whole.feed(wire[: number + 1])
        at = number
    assert (got, at < len(wire)) == (said, True)


@given(st.binary(max_size=60), _PLACES)
@examples(80)
def test_anything_that_is_not_chunked(noise: bytes, places: list[int]) -> None:
    """Noise is a body or BrokenFraming, never another error."""
    body = Chunked()
    try:
        read(body, cut(noise, places))
    except BrokenFraming:
        return
    assert body.done or not body.may_end


@pytest.mark.parametrize("size", [b"-5", b"hello", b"", b"5 5", b"0x", b"\xff", b"5" * 2000])
def test_a_size_that_is_none(size: bytes) -> None:
    """A chunk's size that is negative, no number, or without end is BrokenFraming."""
    with pytest.raises(BrokenFraming):
        Chunked().feed(size + b"\r\n" if len(size) < 1000 else size)


@given(st.binary(max_size=60), st.binary(max_size=9), _PLACES)
@examples(40)
def test_a_counted_body(said: bytes, rest: bytes, places: list[int]) -> None:
    """It ends after its length, and what follows does not belong to it."""
    body = Counted(len(said))
    assert read(body, cut(said + rest, places)) == said
    assert body.done
    assert not body.may_end


def test_an_endless_body() -> None:
    """It passes everything on and ends with its connection alone."""
    body = Endless()
    assert read(body, [b"a", b"0\r\n\r\n", b""]) == b"a0\r\n\r\n"
    assert not body.done
    assert body.may_end


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, Endless),
        ({"content-length": "0"}, Counted),
        ({"transfer-encoding": "Chunked"}, Chunked),
        ({"transfer-encoding": "chunked", "content-length": "5"}, Chunked),
    ],
)
def test_a_head_says_which_body(headers: dict[str, str], kind: type) -> None:
    """Chunks go before a length (RFC 9112, section 6.3), and with neither there is no end."""
    assert type(body_of(headers)) is kind
    assert body_of(headers).done == ("0" in headers.values())


@pytest.mark.parametrize("length", ["five", "-1", "+5", "5, 5", "", "٥"])
def test_a_length_that_is_none(length: str) -> None:
    """A Content-Length that is not plain digits is BrokenFraming."""
    with pytest.raises(BrokenFraming):
        body_of({"content-length": length})
