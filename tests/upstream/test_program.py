"""`make faults`: the faulty model server as a program of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server.process import ROOT, environment
from tests.upstream import Upstream
from tests.upstream.catalogue import CATALOGUE

_CHAT = "/v1/chat/completions"


def program(folder: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.upstream", str(port)],
        cwd=ROOT,
        env=environment(folder, {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = program(tmp_path, 0)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=60)


def test_it_helps_serves_and_ends(running: subprocess.Popen[str]) -> None:
    """It says how it is used, fails as it is asked to, tells so, and ends quietly at Ctrl-C."""
    assert running.stdout is not None
    first = running.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", first)
    assert found is not None, first
    url = found[0]
    assert requests.post(url + _CHAT, json={"model": "status-503"}, timeout=60).status_code == 503
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.post(url + _CHAT, json={"model": "cut-1"}, timeout=60)
    listed = requests.get(f"{url}/v1/models", timeout=60).json()["data"]
    running.send_signal(signal.SIGINT)
    said, complained = running.communicate(timeout=60)
    assert (running.returncode, complained) == (0, "")
    assert "status-503, call 1\ncut-1, call 1\n" in said
    for name in (f"OPENAI_BASE_URL={url}/v1", f"ANTHROPIC_BASE_URL={url}", "make run"):
        assert name in said
    assert [model["id"] for model in listed] == [entry.model for entry in CATALOGUE]
    for entry in CATALOGUE:
        assert re.search(rf"^ +{re.escape(entry.model)} .*{entry.code or 'whole'}", said, re.M)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It says so in a sentence and fails."""
    with Upstream() as upstream:
        taken = program(tmp_path, int(upstream.url.rpartition(":")[2]))
        said, complained = taken.communicate(timeout=60)
    assert (taken.returncode, said) == (1, "")
    assert complained.startswith("Cannot listen on port ")
    assert "Traceback" not in complained
