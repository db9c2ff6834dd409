"""Where the body of an HTTP/1.1 response ends (RFC 9112, section 6), decoded while it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

# A chunk of no bytes, with no trailers.
_LAST = b"0\r\n\r\n"


class BrokenFraming(ValueError):
    """The bytes are not HTTP/1.1."""


class Body(Protocol):
    """Takes raw bytes, gives the body's. `done` says that the body is whole.

    `clean` says that its last byte came with nothing after it and nothing still to come, so that
    the next byte on the connection belongs to the next response.
    """

    done: bool
    clean: bool

    def feed(self, data: bytes) -> bytes: ...

    @property
    def may_end(self) -> bool:
        """Whether the connection's end is the body's end too."""
        ...


def body_of(headers: Mapping[str, str]) -> Body:
    """The body that a response's head announces."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Chunked()
    length = headers.get("content-length")
    if length is None:
        return Endless()
    if not (length.isascii() and length.isdigit()):
        raise BrokenFraming("The Content-Length is not a number.")
    return Counted(int(length))


class Counted:
    """A body of a known length, in bytes."""

    may_end = False

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = self.clean = length == 0

    def feed(self, data: bytes) -> bytes:
        part = data[: self._left]
        self._left -= len(part)
        self.done = self._left == 0
        self.clean = self.done and len(part) == len(data)
        return part


class Endless:
    """A body that ends with its connection."""

    may_end = True
    done = clean = False

    def feed(self, data: bytes) -> bytes:
        return data


class Chunked:
    """A body in chunks, each with its size before it. Trailers are passed over."""

    may_end = False

    def __init__(self) -> None:
        self.done = self.clean = False
        self._rest = b""
        self._left = 0  # bytes of the chunk that is under way, with its closing CRLF

    def feed(self, data: bytes) -> bytes:
        """Raises BrokenFraming."""
        if not (self._left or self._rest):
            # The common case: a token is written as a chunk of its own, and read as one.
            said, _, chunk = data.partition(b"\r\n")
            if len(chunk) > 2 and said == b"%x" % (len(chunk) - 2):
                return chunk[:-2]
            last = data.endswith(_LAST)
            if (whole := _whole(data[: -len(_LAST)] if last else data)) is not None:
                self.done = self.clean = last
                return whole
        if self._rest:
            data, self._rest = self._rest + data, b""
        parts: list[bytes] = []
        at, size = 0, len(data)
        while at < size and not self.done:
            if self._left:
                at = self._continue(data, at, parts)
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._keep(data[at:])
                break
            length = _length(data[at:end])
            at = end + 2
            if length == 0:
                self.done, self.clean = True, data.endswith(b"\r\n\r\n")
            elif at + length + 2 <= size:  # the common case: the whole chunk is here
                parts.append(data[at : at + length])
                at += length + 2
            else:
                self._left = length + 2
        return b"".join(parts)

    def _continue(self, data: bytes, at: int, parts: list[bytes]) -> int:
        """Take what there is of a chunk that came only in part. A token need not wait for it."""
        there = data[at : at + self._left]
        self._left -= len(there)
        closing = max(0, 2 - self._left)  # bytes of the closing CRLF that are in `there`
        parts.append(there[: len(there) - closing] if closing else there)
        return at + len(there)

    def _keep(self, rest: bytes) -> None:
        if len(rest) > 1024:
            raise BrokenFraming("A chunk's size has no end.")
        self._rest = rest


def _whole(data: bytes) -> bytes | None:
    """What a read of some whole chunks holds, where they are simple: a few calls for all of them.

    None where they are not. If no chunk holds a CRLF and each is as long as is said before it,
    there is no other way to read them.
    """
    *pieces, rest = data.split(b"\r\n")
    parts = pieces[1::2]
    if rest or b"" in parts or pieces[::2] != [b"%x" % len(part) for part in parts]:
        return None
    return b"".join(parts)


def _length(line: bytes) -> int:
    try:
        length = int(line.partition(b";")[0], 16)
    except ValueError:
        raise BrokenFraming("A chunk's size is not a number.") from None
    if length < 0:
        raise BrokenFraming("A chunk's size is negative.")
    return length
