"""Processes that are started, read and ended. Each has a session of its own, with its children."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# What reading a process says that has ended meanwhile.
_ENDED = (FileNotFoundError, ProcessLookupError)


# Below those that the kernel gives to whoever calls: one of these stays free until a server of ours
# has started, or started again.
_PORTS = range(10_000, 32_768)


def free_port() -> int:
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", secrets.choice(_PORTS)))
            return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process at work in `folder`, where what it prints goes into `log`.

    It sees no more of the environment than it is given. At the end of the block it is gone.
    """
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        # Nothing that is measured has anything to save, and one that waits for its streams to end
        # would wait long.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cpu_seconds(session: int) -> float:
    """CPU time, in user mode and in the kernel, of the session's processes and their children."""
    return sum(sum(map(int, row[11:15])) for _, row in _members(session)) / _TICKS


def memory_kb(session: int) -> int:
    """Memory of the session's processes; of what they share with others, their part."""
    return sum(_pss(pid) for pid, _ in _members(session))


def _members(session: int) -> Iterator[tuple[int, list[str]]]:
    """Process ids, each with the fields of /proc/PID/stat from the third on, the state."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(*_ENDED):
            row = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(row[3]) == session:
                yield int(folder.name), row


def _pss(pid: int) -> int:
    with suppress(*_ENDED):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
