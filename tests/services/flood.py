"""A server that sends faster than anybody reads, in a process of its own: flood.py PEM WHAT.

It prints its port, and ends with its standard input, or after 20 seconds: whoever is caught in the
flood could not end it.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
import threading

FLOODS = {
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


def serve(listener: socket.socket, context: ssl.SSLContext, first: bytes, again: bytes) -> None:
    while True:
        sock, _ = listener.accept()
        try:
            with context.wrap_socket(sock, server_side=True) as secure:
                secure.recv(65_536)
                secure.sendall(first)
                while True:
                    secure.sendall(again * 10_000)
        except OSError:
            continue


def main() -> None:
    signal.alarm(20)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    arguments = (listener, context, *FLOODS[sys.argv[3]])
    threading.Thread(target=serve, args=arguments, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
