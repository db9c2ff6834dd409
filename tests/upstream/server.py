"""The server. The model's name sets what happens, as words joined by dashes:

mock-200-50000   200 tokens, one every 50,000 µs
cut-5            the connection is closed after 5 tokens, without an end marker
reset-5          …is reset
broken-5         …goes on with a frame that is not JSON
error-5          …goes on with an error event (overloaded), the status being 200
stall-5          …falls silent for as long as the client stays
html-0           an HTML page with status 200
status-429       that status with a JSON error; `retry_after` of the server sets its header
bare-5           no usage at the end
drip-5           the whole answer in writes of 2 bytes
crlf-5           lines end in CRLF
plain-5          not chunked: the body ends with the connection
surrogates-0     an emoji cut in two, as two JSON escapes in two frames
silent-0         not even headers
"""

from __future__ import annotations

import json
import struct
import time
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from tests.upstream.formats import ChatCompletions, Format, MessagesApi, pieces

_CRLF = b"\r\n"


@dataclass
class Upstream:
    """Start it with `with`; `requests` holds the bodies that came, `open` the streams there are."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    open: int = 0
    closed_at: list[float] = field(default_factory=list)
    retry_after: str | None = None

    def __enter__(self) -> Upstream:
        self._server = StreamServer(("127.0.0.1", 0), self._serve, spawn=Pool())
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _serve(self, sock: socket.socket, _address: object) -> None:
        with sock, sock.makefile("rb") as lines:
            while request := _read(lines):
                path, headers, body = request
                path = path.partition("?")[0]
                self.headers.append(headers)
                if path.endswith("/models"):
                    _answer(
                        sock,
                        200,
                        {"data": [{"id": "mock-5-0", "type": "model"}], "has_more": False},
                    )
                    continue
                self.requests.append(body)
                if not self._play(sock, path, str(body.get("model"))):
                    return

    def _play(self, sock: socket.socket, path: str, model: str) -> bool:
        """Send the answer. False if the connection is not to be used again."""
        format_: Format = MessagesApi() if path.endswith("/messages") else ChatCompletions()
        self.open += 1
        try:
            return _Performance(sock, format_, model, self.retry_after).play()
        except OSError:
            return False
        finally:
            self.open -= 1
            self.closed_at.append(time.monotonic())


class _Performance:
    def __init__(
        self, sock: socket.socket, format_: Format, model: str, retry_after: str | None
    ) -> None:
        self._sock = sock
        self._format = format_
        self._model = model
        self._retry_after = retry_after
        self._kind, *numbers = model.rsplit("/", 1)[-1].split("-")
        self._count = int(numbers[0]) if numbers and numbers[0].isdigit() else 5
        self._gap = int(numbers[1]) / 1e6 if len(numbers) > 1 else 0.0
        self._chunked = self._kind != "plain"

    def play(self) -> bool:
        match self._kind:
            case "status":
                _answer(self._sock, self._count, _complaint(self._count), self._retry_after)
                return True
            case "html":
                _answer(self._sock, 200, "<html><body>Sign in</body></html>", None, "text/html")
                return True
            case "silent":
                self._wait_for_the_client()
                return False
        self._send_headers()
        return self._stream()

    def _stream(self) -> bool:
        self._write(self._format.opening(self._model))
        for text in pieces(self._count) if self._kind != "surrogates" else ["\ud83d", "\ude00"]:
            if self._gap:
                gevent.sleep(self._gap)
            self._write(self._format.piece(self._model, text))
        match self._kind:
            case "cut":
                return False
            case "reset":
                self._reset()
                return False
            case "broken":
                self._write(b'data: {"choices": [{"del\n\n')
            case "error":
                self._write(self._format.error("overloaded_error", "Overloaded"))
            case "stall":
                self._wait_for_the_client()
                return False
        usage = self._kind != "bare"
        self._write(self._format.closing(self._model, self._count, usage=usage))
        if self._chunked:
            self._sock.sendall(b"0\r\n\r\n")
        return self._chunked

    def _send_headers(self) -> None:
        framing = "Transfer-Encoding: chunked" if self._chunked else "Connection: close"
        self._sock.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{framing}\r\n\r\n".encode()
        )

    def _write(self, frame: bytes) -> None:
        if self._kind == "crlf":
            frame = frame.replace(b"\n", _CRLF)
        step = 2 if self._kind == "drip" else len(frame)
        for at in range(0, len(frame), step):
            part = frame[at : at + step]
            head = f"{len(part):x}\r\n".encode() if self._chunked else b""
            self._sock.sendall(head + part + (_CRLF if self._chunked else b""))

    def _wait_for_the_client(self) -> None:
        while self._sock.recv(1024):
            pass

    def _reset(self) -> None:
        # Lingering for 0 seconds makes close() send RST.
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()


def _read(lines: Any) -> tuple[str, dict[str, str], dict[str, Any]] | None:
    try:
        first = lines.readline().decode().split()
        headers = {}
        while line := lines.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = lines.read(int(headers.get("content-length", 0)))
    except OSError:
        return None
    return (first[1], headers, json.loads(body) if body else {}) if first else None


def _answer(
    sock: socket.socket,
    status: int,
    body: object,
    retry_after: str | None = None,
    media_type: str = "application/json",
) -> None:
    content = (body if isinstance(body, str) else json.dumps(body)).encode()
    wait = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    sock.sendall(
        f"HTTP/1.1 {status} Said\r\nContent-Type: {media_type}\r\nx-request-id: up-1\r\n{wait}"
        f"Content-Length: {len(content)}\r\n\r\n".encode()
        + content
    )


def _complaint(status: int) -> dict[str, Any]:
    return {"error": {"type": "some_error", "message": f"Complaint {status} about sk-secret"}}
