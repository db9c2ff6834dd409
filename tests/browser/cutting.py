"""A proxy before the server that cuts the streams which go through it, and nothing else."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_STREAMS = (b"/stream HTTP", b"/events?")


class Cutting:
    """Each stream ends after some of `least` to `most` bytes, while `is_on`."""

    def __init__(self, target: str, least: int, most: int) -> None:
        address = urlsplit(target)
        self.cuts = 0
        self.is_on = True
        self._target = (str(address.hostname), int(address.port or 80))
        self._bytes = least, most
        self._random = random.Random(1)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> None:
        with suppress(OSError):  # it is closed at the end
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=[client])
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _serve(self, client: socket.socket) -> None:
        """One request at a time, on a connection of its own."""
        with client, socket.create_connection(self._target) as server:
            with suppress(OSError):
                asked = client.recv(65_536)
                lines = asked.split(b"\r\n", 1)
                server.sendall(lines[0] + b"\r\nConnection: close\r\n" + (lines[1:] or [b""])[0])
                there = threading.Thread(target=_pass_on, args=[client, server])
                there.start()
                cut = self.is_on and any(path in lines[0] for path in _STREAMS)
                self._answer(client, server, self._random.randint(*self._bytes) if cut else None)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            if asked:
                there.join()

    def _answer(self, client: socket.socket, server: socket.socket, left: int | None) -> None:
        while part := server.recv(65_536):
            client.sendall(part[:left])
            left = None if left is None else left - len(part)
            if left is not None and left <= 0:
                self.cuts += 1
                return


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    """The rest of what the client sends, and that it has gone."""
    with suppress(OSError):
        while part := client.recv(65_536):
            server.sendall(part)
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(target: str, least: int, most: int) -> Iterator[Cutting]:
    proxy = Cutting(target, least, most)
    accepting = threading.Thread(target=proxy.accept)
    accepting.start()
    try:
        yield proxy
    finally:
        proxy.close()
        accepting.join()
