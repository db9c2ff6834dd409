"""The client's connection below WSGI, for tokens that can go out at once.

A WSGI answer is pulled: for each piece the server resumes the request's greenlet, which goes
through Flask's and gunicorn's layers to one `send`. This writes the same bytes from where a token
arrives. It is used only while the request's greenlet waits for more, which means that all it
yielded before has been written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def direct(environ: Mapping[str, Any]) -> Direct | None:
    """None where the server has no socket of ours, as under TLS and in tests."""
    sock = environ.get("gunicorn.socket")
    if not hasattr(sock, "send_now"):
        return None
    # What gunicorn does for an answer without a length: chunks, but not for HTTP/1.0.
    return Direct(sock, chunked=environ.get("SERVER_PROTOCOL") != "HTTP/1.0")


class Direct:
    """Pieces of an answer's body, framed as gunicorn frames them."""

    def __init__(self, sock: Any, *, chunked: bool) -> None:
        self._sock = sock
        self._send = sock.send_now
        self._chunked = chunked
        self._rest = b""

    def offer(self, frames: str, last: bool) -> bool:
        """Send what the kernel takes now and keep the rest; True if there is none.

        Gunicorn ends the body right after the last piece, and both go out together.
        Raises OSError: the client is gone.
        """
        data = (f"{len(frames):X}\r\n{frames}\r\n" if self._chunked else frames).encode("ascii")
        if last and self._chunked:
            self._sock.hold(data)
            return True
        try:
            sent = self._send(data, 0)
        except BlockingIOError:
            sent = 0
        if sent == len(data):
            return True
        self._rest = data[sent:]
        return False

    def flush(self) -> None:
        """Send the rest, waiting for the client."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._sock.sendall(rest)
