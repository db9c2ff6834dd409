"""The callers: so many at once, each with a connection, who check every answer to its last byte."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain

import gevent
from gevent import socket

_TOKEN = re.compile(rb'"t(\d+) "')
_PATIENCE = 60.0


@dataclass(frozen=True)
class Target:
    """Where to ask, how a request for a model is written, and what a whole stream's body holds."""

    port: int
    request: Callable[[str], bytes]
    ending: bytes


@dataclass
class Report:
    """`tokens` that arrived, seconds to the first token of each turn, and what went wrong."""

    tokens: int = 0
    firsts: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


class Fault(Exception):
    """An answer that is not what was asked for."""


def load(target: Target, model: str, callers: int, turns: int) -> Report:
    """`turns` answers of `model` (`mock-TOKENS-GAP`), read by `callers` at once."""
    report = Report()
    left = iter(range(turns))
    jobs = [gevent.spawn(_caller, target, model, left, report) for _ in range(callers)]
    gevent.joinall(jobs, raise_error=True)
    return report


@contextmanager
def waiting(target: Target, models: Sequence[str]) -> Iterator[list[socket.socket]]:
    """An open stream for each of the models, of which nothing is read; closed in the end."""
    with ExitStack() as stack:
        connections = []
        for model in models:
            connections.append(stack.enter_context(_connect(target)))
            connections[-1].sendall(target.request(model))
        yield connections


def leave(connection: socket.socket) -> float:
    """Close as a browser does, that has read what came; when that was, on the monotonic clock."""
    connection.settimeout(0.0)
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        pass
    left = time.monotonic()
    connection.close()
    return left


def _connect(target: Target) -> socket.socket:
    return socket.create_connection(("127.0.0.1", target.port), timeout=_PATIENCE)


def _caller(target: Target, model: str, left: Iterator[int], report: Report) -> None:
    """Turn after turn over one connection, and over a new one after a fault."""
    for turn in left:
        try:
            with _connect(target) as connection:
                for _ in chain([turn], left):
                    _turn(connection, target, model, report)
        except (Fault, OSError) as error:
            report.faults[f"{model}: {error or type(error).__name__}"] += 1


def _turn(connection: socket.socket, target: Target, model: str, report: Report) -> None:
    answer = _ask(connection, target.request(model), report)
    _check(answer, int(model.split("-")[1]), target.ending, report)


def _ask(connection: socket.socket, request: bytes, report: Report) -> bytes:
    """The whole answer as it came. Raises Fault where it is none of a stream."""
    started = time.monotonic()
    connection.sendall(request)
    answer, begun = bytearray(), False
    while not answer.endswith(b"\r\n0\r\n\r\n"):
        part = connection.recv(65_536)
        if not part:
            raise Fault("the connection was closed before the stream's end")
        answer += part
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise Fault(answer.decode(errors="replace")[:200])
        if not begun and b'"t0 "' in answer:
            begun = True
            report.firsts.append(time.monotonic() - started)
    return bytes(answer)


def _check(answer: bytes, expected: int, ending: bytes, report: Report) -> None:
    """Every token is there, once and in its place, and the stream says that it is whole."""
    body = _dechunked(answer.partition(b"\r\n\r\n")[2])
    numbers = _TOKEN.findall(body)
    report.tokens += len(numbers)
    if numbers != [b"%d" % number for number in range(expected)]:
        raise Fault(f"{len(numbers)} tokens of {expected}, or not in their order")
    if ending not in body:
        raise Fault("the stream did not say how it ended")


def _dechunked(body: bytes) -> bytes:
    parts, at = [], 0
    while at < len(body):
        start = body.index(b"\r\n", at) + 2
        size = int(body[at:start], 16)
        parts.append(body[start : start + size])
        at = start + size + 2
    return b"".join(parts)
