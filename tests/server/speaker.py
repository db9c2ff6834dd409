"""A client of the WebSocket, as strict about its messages as the contract is written."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from gevent import Timeout
from simple_websocket import Client, ConnectionClosed

from tests.server.process import Server

_RESET = struct.pack("ii", 1, 0)  # lingering for 0 seconds makes close() send RST
_NOTICES = {"ready", "accepted", "state", "pong"}
_LAST = {"done", "error"}

Said = dict[str, Any]


class Speaker:
    """One connection. What is heard of a run must be numbered without a gap."""

    def __init__(self, server: Server, headers: Mapping[str, str] | None = None) -> None:
        address = server.url.replace("http", "ws", 1) + "/api/chat/ws"
        self._client = Client.connect(address, headers=dict(headers or {}))
        # What came in one packet with the handshake, it would look at with the next packet.
        self._client._handle_events()
        self._reached: dict[str, int] = {}

    def say(self, kind: str, **said: Any) -> None:
        if kind == "resume":
            self._reached[said["run_id"]] = said.get("after", 0)
        self._client.send(json.dumps({"type": kind, **said}))

    def say_text(self, text: str) -> None:
        self._client.send(text)

    def hear(self, seconds: float = 20.0) -> Said:
        """The next message. Raises ConnectionClosed, and TimeoutError."""
        text = self._client.receive(timeout=seconds)
        if text is None:
            raise TimeoutError
        assert isinstance(text, str)
        assert text.isascii()
        said: Said = json.loads(text)
        if "id" in said:
            assert set(said) == {"run_id", "id", "event", "data"}
            expected = self._reached.get(said["run_id"], said["id"] - 1) + 1
            assert said["id"] == expected, said
            self._reached[said["run_id"]] = said["id"]
        else:
            assert said["event"] in _NOTICES | {"error"}
        return said

    def hear_one(self, event: str) -> Said:
        said = self.hear()
        assert said["event"] == event, said
        return said

    def hear_until(self, event: str, run_id: str | None = None) -> list[Said]:
        """Everything up to the first such event (of the run)."""
        heard = [self.hear()]
        while heard[-1]["event"] != event or run_id not in (None, heard[-1].get("run_id")):
            heard.append(self.hear())
        return heard

    def hear_out(self, run_id: str) -> list[Said]:
        """What comes of the run, up to its end."""
        heard = [self.hear()]
        while heard[-1].get("run_id") != run_id or heard[-1]["event"] not in _LAST:
            heard.append(self.hear())
        return [said for said in heard if said.get("run_id") == run_id and "id" in said]

    def begin(self, message: str = "hi", **body: Any) -> str:
        """Ask, and return the run's id once it is accepted."""
        self.say("chat", message=message, **body)
        return str(self.hear_until("accepted")[-1]["run_id"])

    def hear_close(self, seconds: float = 20.0) -> tuple[int, str]:
        """Code and sentence of the server's goodbye, after whatever comes before it."""
        with Timeout(seconds):
            try:
                while True:
                    self.hear(seconds)
            except ConnectionClosed as closed:
                return int(closed.reason), str(closed.message or "")

    def leave(self, *, reset: bool = False) -> None:
        """Drop the connection without a word."""
        sock: socket.socket = self._client.sock
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._client.connected = False
        if not reset:
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
        self._client.thread.join(5)

    def close(self) -> None:
        """Say goodbye."""
        if self._client.connected:
            self._client.close()
        self._client.thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def text(heard: list[Said]) -> str:
    return "".join(said["data"]["text"] for said in heard if said["event"] == "delta")
