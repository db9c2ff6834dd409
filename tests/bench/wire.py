"""The least that can be measured: it hands on the bytes of each connection, and its end.

python -m tests.bench.wire PORT UPSTREAM_URL
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import gevent
from gevent import socket
from gevent.server import StreamServer

MODEL = ("127.0.0.1", urlsplit(sys.argv[2]).port)


def hand_on(client: socket.socket, _address: object) -> None:
    with client, socket.create_connection(MODEL) as model:
        ways = [gevent.spawn(_copy, client, model), gevent.spawn(_copy, model, client)]
        gevent.joinall(ways, count=1)
        gevent.killall(ways)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(65_536):
        sink.sendall(data)


if __name__ == "__main__":
    StreamServer(("127.0.0.1", int(sys.argv[1])), hand_on).serve_forever()
