"""The WebSockets that are open at this worker."""

from __future__ import annotations

from typing import Protocol


class Open(Protocol):
    def drain(self) -> None:
        """End as soon as the runs that are followed have ended."""
        ...


class Sockets:
    """For a shutdown: gunicorn waits for each of them, and they would rest for ever."""

    def __init__(self) -> None:
        self._open: set[Open] = set()

    def add(self, socket: Open) -> None:
        self._open.add(socket)

    def discard(self, socket: Open) -> None:
        self._open.discard(socket)

    def drain(self) -> None:
        for socket in list(self._open):
            socket.drain()
