"""A WebSocket on the connection that gunicorn has handed over (RFC 6455).

wsproto reads the frames. Nothing is read ahead of what is handled, and of what a slow client does
not take, each run keeps one batch at most: it is the runs' logs that wait.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gevent import Timeout, get_hub
from gevent.event import Event as Signal
from gevent.lock import BoundedSemaphore
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError

from app.encoders.messages import frames

# Seconds of silence before a ping, and again before its sender is given up.
_SILENCE = 20.0
# Seconds in which a client takes nothing of what it is sent, before it is given up.
_STALL = 30.0
# Seconds for a client to hear why it is left.
_FAREWELL = 2.0
_READ = 65_536
_NO_TEXT, _TOO_BIG, _SLOW = 1003, 1009, 1013


class Left(Exception):
    """The client has gone, or has said that it goes."""


class Ended(Exception):
    """We end it, with a code and a sentence of at most 123 bytes."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Socket:
    """One greenlet receives and closes, any may send. `most` is the longest message, in characters.

    It counts what is assembled, not what a frame announces.
    """

    def __init__(self, sock: Any, most: int) -> None:
        self.most = most
        self._sock = sock
        self._send_now = getattr(sock, "send_now", None)
        self._protocol = Connection(ConnectionType.SERVER)
        self._messages: deque[str] = deque()
        self._pieces: list[str] = []  # of a message that is not whole yet
        self._size = 0
        self._rest = b""  # what the kernel has not taken yet
        self._sending = BoundedSemaphore()
        self._news = Signal()
        self._readable = False
        self._heard_at = time.monotonic()
        self._pinged = False
        self._io = get_hub().loop.io(sock.fileno(), 1)

    def receive(self, seconds: float) -> str | None:
        """The next message; None after so many seconds, or when somebody has called `wake`.

        Raises Left, and Ended where what came was no message.
        """
        deadline = time.monotonic() + seconds
        while not self._messages:
            if not self._wait(max(0.0, deadline - time.monotonic())):
                self._keep_alive()
                return None
            self._read()
        return self._messages.popleft()

    def wake(self) -> None:
        """Let `receive` return."""
        self._news.set()

    def push(self, data: bytes) -> bool:
        """Send what the kernel takes at once and keep the rest. True if there is none.

        Raises OSError: the client is gone.
        """
        if not self._rest and self._send_now is not None:
            try:
                sent = self._send_now(data, 0)
            except BlockingIOError:
                sent = 0
            if sent == len(data):
                return True
            data = data[sent:]
        self._rest += data
        return False

    def flush(self) -> None:
        """Return when all that was pushed is with the kernel, however slow the client is.

        Raises OSError, and Ended: it takes nothing any more.
        """
        with self._sending:
            while self._rest:
                with Timeout(_STALL, Ended(_SLOW, "You do not read what you are sent.")):
                    sent = self._sock.send(self._rest)
                self._rest = self._rest[sent:]

    def send(self, texts: Sequence[str]) -> None:
        """Raises as `flush`."""
        if not self.push(frames(texts)):
            self.flush()

    def close(self, code: int, sentence: str) -> None:
        """Say why, hear the client out for a moment, and let go of the connection."""
        with suppress(OSError, LocalProtocolError, Ended), Timeout(_FAREWELL, False):  # type: ignore[arg-type]
            self.push(self._protocol.send(CloseConnection(code, sentence)))
            self.flush()
            self._hear_out()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the connection. Doing it twice changes nothing."""
        self._io.stop()
        self._io.close()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _wait(self, seconds: float) -> bool:
        """Whether there is something to read."""
        self._readable = False
        self._io.start(self._arrived)
        try:
            self._news.wait(seconds)
        finally:
            self._io.stop()
        self._news.clear()
        return self._readable

    def _arrived(self) -> None:
        self._readable = True
        self._news.set()

    def _keep_alive(self) -> None:
        silent = time.monotonic() - self._heard_at
        if silent > 2 * _SILENCE:
            raise Left
        if silent > _SILENCE and not self._pinged:
            self._pinged = True
            self._answer(Ping())

    def _read(self) -> None:
        self._protocol.receive_data(self._received())
        for event in self._protocol.events():
            match event:
                case TextMessage():
                    self._take(event)
                case BytesMessage():
                    raise Ended(_NO_TEXT, "Messages are JSON as text, not bytes.")
                case Ping():
                    self._answer(event.response())
                case CloseConnection():
                    self._part(event)

    def _received(self) -> bytes:
        """Raises Left."""
        try:
            data = self._sock.recv(_READ)
        except OSError as error:
            raise Left from error
        if not data:
            raise Left
        self._heard_at, self._pinged = time.monotonic(), False
        return bytes(data)

    def _take(self, event: TextMessage) -> None:
        if event.data:  # a frame may be empty, and there may be any number of such
            self._pieces.append(event.data)
        self._size += len(event.data)
        if self._size > self.most:
            raise Ended(_TOO_BIG, f"A message may have {self.most} characters here.")
        if event.message_finished:
            self._messages.append("".join(self._pieces))
            self._pieces, self._size = [], 0

    def _part(self, event: CloseConnection) -> None:
        """Answer a goodbye; or it is wsproto's word that what came breaks the protocol."""
        if self._protocol.state is ConnectionState.OPEN:
            raise Ended(int(event.code), "What came is not a WebSocket's.")
        self._answer(event.response())
        raise Left

    def _answer(self, event: Any) -> None:
        if not self.push(self._protocol.send(event)):
            self.flush()

    def _hear_out(self) -> None:
        """Without this the kernel would reset the connection, and our last word would be lost."""
        while data := self._sock.recv(_READ):
            self._protocol.receive_data(data)
            if any(isinstance(event, CloseConnection) for event in self._protocol.events()):
                return
