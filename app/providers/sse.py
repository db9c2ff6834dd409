"""An incremental decoder of server-sent events: bytes in, the data of complete events out.

Framing is done on bytes and decoding after it, so a character or a frame may be cut anywhere.
The rules are those of the HTML standard, section 9.2.6: CR, LF and CRLF end a line, one BOM at
the start and one space after the colon are dropped, an unfinished last event is discarded.
"""

from __future__ import annotations

_BOM = b"\xef\xbb\xbf"
_BETWEEN = b"\n\ndata: "


class FrameTooLong(ValueError):
    """One event is larger than the decoder may hold."""


class EventStreamDecoder:
    """Keeps what is not complete yet; `limit` bounds it, in bytes."""

    def __init__(self, limit: int = 8_388_608) -> None:
        self._rest = b""
        self._limit = limit
        self._started = False
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of each event that `chunk` completes, without the final newline.

        Raises:
            FrameTooLong: an event outgrew the limit.
        """
        if not self._started:
            chunk = self._skip_bom(chunk)
        if self._after_cr or b"\r" in chunk:
            chunk = self._unify(chunk)
        if self._rest:
            chunk = self._rest + chunk
        # The common cases: this runs for every token.
        elif chunk.startswith(b"data: ") and chunk.endswith(b"\n\n"):
            lines = chunk.count(b"\n")
            if lines == 2:
                return [chunk[6:-2]]
            if lines == 2 * chunk.count(_BETWEEN) + 2:  # no newline stands elsewhere
                return chunk[6:-2].split(_BETWEEN)
        blocks = chunk.split(b"\n\n")
        self._rest = rest = blocks.pop()
        if len(rest) > self._limit:
            raise FrameTooLong(f"An event of more than {self._limit} bytes.")
        events: list[bytes] = []
        for block in blocks:
            if block.startswith(b"data: ") and b"\n" not in block:
                events.append(block[6:])
            elif (data := _data(block)) is not None:
                events.append(data)
        return events

    def _skip_bom(self, chunk: bytes) -> bytes:
        chunk, self._rest = self._rest + chunk, b""
        if len(chunk) < 3 and _BOM.startswith(chunk):
            self._rest = chunk
            return b""
        self._started = True
        return chunk.removeprefix(_BOM)

    def _unify(self, chunk: bytes) -> bytes:
        """Make every line end an LF; a CR at a chunk's end may be half of a CRLF."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if chunk.endswith(b"\r"):
            self._after_cr = True
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _data(block: bytes) -> bytes | None:
    """The data of one event, None if it has none."""
    lines = [
        line[6:] if line.startswith(b"data: ") else line[5:]
        for line in block.split(b"\n")
        if line.startswith(b"data:") or line == b"data"
    ]
    return b"\n".join(lines) if lines else None
