"""What is read of a process is what it did, and none is left over."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.processes import cpu_seconds, memory_kb, running

# What a shell starts: it works for a while, takes 50 MB and says so.
_CHILD = """
import time, sys
held = b"x" * 50_000_000
while time.process_time() < 0.2: pass
print("worked", flush=True)
time.sleep(60)
"""


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_is_read_and_ended_too(tmp_path: Path) -> None:
    """CPU time and memory of a process hold its child's, and an exception ends both."""
    begun: list[subprocess.Popen[bytes]] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(tmp_path, begun)
    assert begun[0].returncode is not None
    _until(lambda: memory_kb(begun[0].pid) == 0)


def _interrupted(folder: Path, begun: list[subprocess.Popen[bytes]]) -> None:
    command = ["sh", "-c", '"$0" -c "$1" & wait', sys.executable, _CHILD]
    with running(command, {}, folder) as process:
        begun.append(process)
        _until(lambda: "worked" in (folder / "log").read_text())
        assert 0.18 < cpu_seconds(process.pid) < 2
        assert 50_000 < memory_kb(process.pid) < 150_000
        raise KeyboardInterrupt
