"""What an answer is written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent import socket


class LeanSocket(socket.socket):
    """A socket whose `sendall` asks the kernel once.

    gevent's asks for the size of the send buffer before each send, which for a token costs a
    quarter of sending it. Gunicorn writes a head and then its first chunk, and the end of the body
    after the last one: they go out together.
    """

    _held = b""

    def sendall(self, data: Any, flags: int = 0) -> None:
        if data[:5] == b"HTTP/" and b"\r\nTransfer-Encoding: chunked\r\n" in data:
            self._held = data
            return
        if self._held:
            data, self._held = self._held + data, b""
        try:
            sent = self.send_now(data, flags)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            super().sendall(memoryview(data)[sent:], flags)

    def hold(self, data: bytes) -> None:
        """Send it with what `sendall` is given next, which comes at once."""
        self._held += data

    @property
    def send_now(self) -> Callable[[bytes, int], int]:
        """The kernel's own send, which raises BlockingIOError where it would wait."""
        send: Callable[[bytes, int], int] = self._sock.send  # type: ignore[attr-defined]  # gevent's own
        return send
