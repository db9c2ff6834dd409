"""Programs for Node that do many things at once."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.clients.door import CLIENTS, Door
from tests.server.process import require


def done(
    script: str, door: Door, jobs: Iterable[Mapping[str, Any]], *, url: str = "", at_once: int = 20
) -> list[dict[str, Any]]:
    """What became of each job, in the order in which they ended. `url`: another way to the door."""
    require("node")
    if not (CLIENTS / "node_modules").exists():
        subprocess.run([require("npm"), "ci", "--no-audit", "--no-fund"], cwd=CLIENTS, check=True)
    lines = "".join(json.dumps(job) + "\n" for job in jobs)
    ended = subprocess.run(
        [str(shutil.which("node")), script, url or door.url, door.key, str(at_once), door.url],
        cwd=CLIENTS,
        input=lines.encode(),
        capture_output=True,
        timeout=1_200,
        check=False,
    )
    if ended.returncode:
        pytest.fail(ended.stderr.decode()[-2000:])
    return [json.loads(line) for line in ended.stdout.decode().splitlines()]
