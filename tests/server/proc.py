"""What Linux says of a server's processes: their memory and their sockets."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.server.process import Server

_LISTENING = "0A"


def processes(server: Server) -> list[int]:
    """gunicorn's master and its worker."""
    return [server.process.pid, worker(server)]


def worker(server: Server) -> int:
    (only,) = children(server.process.pid)
    return only


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(*processes: int) -> int:
    """Bytes of memory that they hold at this moment."""
    lines = [
        line.split()
        for pid in processes
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    ]
    return sum(int(words[1]) * 1024 for words in lines if words[0] == "Rss:")


class _Row(NamedTuple):
    """Of a TCP connection: what a descriptor points to, its state, its ports."""

    inode: str
    state: str
    local: int
    remote: int


class Sockets(NamedTuple):
    """A worker's connections with callers, with an upstream, and whatever else it holds.

    A connection that was reset is in no table of the kernel any more. As long as the process has
    not closed it, it is one of the others.
    """

    callers: int
    upstream: int
    others: int


def sockets(server: Server, upstream: str) -> Sockets:
    pid, here, there = worker(server), urlsplit(server.url).port, urlsplit(upstream).port
    held = set(_descriptors(pid))
    table = [row for row in _table(pid) if row.inode in held]
    callers = sum(row.local == here and row.state != _LISTENING for row in table)
    leading = sum(row.remote == there for row in table)
    return Sockets(callers, leading, len(held) - callers - leading)


def _descriptors(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    for number in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{number}")
        except FileNotFoundError:  # closed since the listing
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _table(pid: int) -> Iterator[_Row]:
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_, inode = line.split()[:10]
        yield _Row(inode, state, int(local.split(":")[1], 16), int(remote.split(":")[1], 16))


def allow_files(count: int) -> None:
    """Let this process, and the servers that it starts, hold so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= count, f"ulimit -Hn is {hard}, not {count}."
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
