"""A server that asks for keys, with a model server behind it that does what it is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests

from tests.server.process import ROOT, free_port, gunicorn, require, running, wait_until_ready
from tests.upstream import Upstream

CLIENTS = ROOT / "tests" / "clients"
_ADMIN = "an-admin-key-of-this-test"
_SECONDS = 0.1  # from a client's leaving to the end upstream, and as long for a slow machine


@dataclass
class Door:
    """`key` may do everything but admin; `issue` makes others. `process` is the server's id."""

    url: str
    upstream: Upstream
    process: int
    key: str = ""

    def issue(self, **body: Any) -> str:
        answer = requests.post(
            f"{self.url}/api/admin/keys",
            json={"owner": "ada", **body},
            headers={"Authorization": f"Bearer {_ADMIN}"},
            timeout=30,
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["key"])

    def until_open(self, count: int = 1) -> None:
        """Until so many streams are open at the model server."""
        with gevent.Timeout(10):
            while self.upstream.open < count:
                gevent.sleep(0.005)

    def until_closed(self, left: float) -> float:
        """Seconds from `left`, a moment of the monotonic clock, to the last end upstream."""
        with gevent.Timeout(10):
            while self.upstream.open:
                gevent.sleep(0.005)
        return self.upstream.closed_at[-1] - left


@contextmanager
def opened(folder: Path, **extra: str) -> Iterator[Door]:
    """The model server is asked as `openai/…` and `anthropic/…`."""
    port = free_port()
    with Upstream() as upstream:
        environment = {
            "OPENAI_BASE_URL": f"{upstream.url}/v1",
            "ANTHROPIC_BASE_URL": upstream.url,
            "MODEL_PRICES": '{"*/*": {"input": "1", "output": "10"}}',
            "PORT": str(port),
            "ADMIN_KEY": _ADMIN,
            "MAX_RETRY_WAIT": "0",
            "LOG_LEVEL": "WARNING",
            **extra,
        }
        command = gunicorn("--bind", f"127.0.0.1:{port}", "wsgi:app")
        with running(command, folder, environment) as server:
            server.url = f"http://127.0.0.1:{port}"
            wait_until_ready(server)
            door = Door(server.url, upstream, server.process.pid)
            door.key = door.issue()
            yield door


def node(script: str, *arguments: str) -> Any:
    """What a script of `tests/clients` prints, as JSON. The clients are there, or it is skipped."""
    require("node")
    if not (CLIENTS / "node_modules").exists():
        subprocess.run([require("npm"), "ci", "--no-audit", "--no-fund"], cwd=CLIENTS, check=True)
    ended = subprocess.run(
        [str(shutil.which("node")), script, *arguments],
        cwd=CLIENTS,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if ended.returncode:
        pytest.fail(ended.stderr.decode()[-2000:])
    return json.loads(ended.stdout)


def prompt(seconds: float) -> bool:
    """Whether it was at once, and not when somebody wrote next."""
    return seconds < 2 * _SECONDS


def now() -> float:
    return time.monotonic()
