"""One answer, with the fault that was ordered."""

from __future__ import annotations

import json
import struct
from typing import Any

import gevent
from gevent import socket

from tests.upstream.complaints import Complaint, complaint, status
from tests.upstream.formats import Format
from tests.upstream.names import Order, wait_header
from tests.upstream.reading import Request
from tests.upstream.scripts import script

_HTML = "<html><body>Sign in</body></html>"
_PING_EVERY = 0.05
_CRLF = b"\r\n"


class Performance:
    """`call` is how often the model has been asked for by now, this time included."""

    def __init__(
        self, sock: socket.socket, format_: Format, order: Order, call: int, retry_after: str | None
    ) -> None:
        self._sock = sock
        self._format = format_
        self._order = order
        self._call = call
        self._wait = order.wait or retry_after or ""
        self._chunked = order.kind != "plain"

    def play(self, request: Request) -> bool:
        """Send the answer. False if the connection is not to be used again."""
        order = self._order
        if order.slow and self._has_left_within(order.slow):
            return False
        if self._call <= order.flaky:
            return self._complain(status(503))
        if told := complaint(order.kind, order.variant or self._format.vendor):
            return self._complain(told)
        match order.kind:
            case "status":
                return self._complain(status(order.count))
            case "html":
                return self._complain(Complaint(max(order.count, 200), _HTML), "text/html")
            case "silent":
                return self._stay_silent()
            case "gone":
                return False
            case "garbage":
                self._sock.sendall(b"SSH-2.0-garbage\r\n\r\n")
                return False
        self._send_headers()
        return self._stream(request)

    def _stream(self, request: Request) -> bool:
        """The answer, up to the fault. Of a fault in the middle the count says how far."""
        frames = script(self._format, request.model, self._order, request.body)
        for frame in frames.opening:
            self._write(frame)
        for frame in frames.tokens:
            if self._order.gap:
                gevent.sleep(self._order.gap)
            self._write(frame)
            if self._order.kind == "pings":
                self._write(self._format.ping() + b": ping\n\n")
        if not self._strike():
            return False
        self._write(frames.closing)
        if self._chunked:
            self._sock.sendall(b"0\r\n\r\n")
        return self._chunked

    def _strike(self) -> bool:
        """Do what is to happen after the last token. False if nothing comes after it."""
        match self._order.kind:
            case "cut":
                return False
            case "reset":
                return self._reset()
            case "stall":
                return self._stay_silent()
            case "pinging":
                while not self._has_left_within(_PING_EVERY):
                    self._write(self._format.ping())
                return False
            case "chunk":
                self._sock.sendall(b"no length\r\n")
                return self._stay_silent()
            case "broken":
                self._write(b'data: {"choices": [{"del\n\n')
            case "error":
                self._write(self._format.error("overloaded_error", "Overloaded"))
        return True

    def _send_headers(self) -> None:
        framing = "Transfer-Encoding: chunked" if self._chunked else "Connection: close"
        self._sock.sendall(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nx-request-id: up-1\r\n"
            f"{framing}\r\n\r\n".encode()
        )

    def _write(self, frame: bytes) -> None:
        if self._order.kind == "crlf":
            frame = frame.replace(b"\n", _CRLF)
        step = 2 if self._order.kind == "drip" else len(frame)
        for at in range(0, len(frame), step):
            part = frame[at : at + step]
            head = f"{len(part):x}\r\n".encode() if self._chunked else b""
            self._sock.sendall(head + part + (_CRLF if self._chunked else b""))

    def _complain(self, told: Complaint, media_type: str = "application/json") -> bool:
        answer(self._sock, told.status, told.body, media_type, wait_header(self._wait))
        return True

    def _stay_silent(self) -> bool:
        while self._sock.recv(1024):
            pass
        return False

    def _has_left_within(self, seconds: float) -> bool:
        self._sock.settimeout(seconds)
        try:
            return not self._sock.recv(1024)
        except TimeoutError:
            return False
        finally:
            self._sock.settimeout(None)

    def _reset(self) -> bool:
        # Lingering for 0 seconds makes close() send RST.
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()
        return False


def answer(
    sock: socket.socket, code: int, body: Any, media_type: str = "application/json", more: str = ""
) -> None:
    """Send a whole response. `more` is finished header lines."""
    content = (body if isinstance(body, str) else json.dumps(body)).encode()
    sock.sendall(
        f"HTTP/1.1 {code} Said\r\nContent-Type: {media_type}\r\nx-request-id: up-1\r\n{more}"
        f"Content-Length: {len(content)}\r\n\r\n".encode()
        + content
    )
