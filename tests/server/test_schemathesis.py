"""The description of the API, held against a real server by schemathesis."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import Quote
from tests.server.process import Server, environment, serving

_KEY = "parley-admin-key-of-the-fuzzing-0123456789"
_RULES = Path(__file__).parent / "fuzzing" / "schemathesis.toml"
_EVERY_CHECK = ("--checks", "all", "--continue-on-failure")
_FORMS = "^/(healthz|api/(feedback|tokens|extract|session|runs)|v1/models)$"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a key in force, and callers who say where they come from."""
    settings = {"PORT": "8000", "ADMIN_KEY": _KEY, "TRUSTED_PROXIES": "1"}
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, **settings, DEMO_TOKENS_PER_SECOND="1000000") as running:
        yield running


def run(server: Server, folder: Path, *asked: str, seconds: float) -> dict[str, Any]:
    """What schemathesis reports."""
    report = folder / "report.json"
    command = [
        str(Path(sys.executable).parent / "st"),
        *("--config-file", str(_RULES), "run", f"{server.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {_KEY}", "--request-timeout", "30"),
        *("--generation-database", "none", "--warnings", "off", "--no-color"),
        *("--report", "json", "--report-json-path", str(report), *_EVERY_CHECK, *asked),
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, {"SCHEMATHESIS_HOOKS": "tests.server.fuzzing.hooks"}),
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(report.read_text())
    # Its exit code is 0 where it found nothing; what it found is told in sentences.
    assert done.returncode == 0, done.stdout[-20_000:]
    return found


def test_each_operation_answers_as_it_is_described(server: Server, tmp_path: Path) -> None:
    """Made-up requests to every route, and rows of them: no 500, nothing that is not described."""
    asked = ("--phases", "fuzzing,stateful", "--max-examples", "4", "--seed", "1")
    found = run(server, tmp_path, *asked, seconds=240)
    assert found["operations"]["tested"] == found["operations"]["total"] > 60


def test_the_edges_of_each_form(server: Server, tmp_path: Path) -> None:
    """The least, the most, and just beyond, for each field of some routes."""
    asked = ("--phases", "examples,coverage", "--include-path-regex", _FORMS, "--seed", "1")
    found = run(server, tmp_path, *asked, seconds=240)
    assert found["operations"]["tested"] > 5


@pytest.mark.prove
def test_all_phases(server: Server, tmp_path: Path, quote: Quote) -> None:
    """All phases over all routes."""
    asked = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "100")
    found = run(server, tmp_path, *asked, "--workers", "2", seconds=3600)
    assert found["operations"]["tested"] == found["operations"]["total"]
    cases, seconds = found["test_cases"], found["running_time"]
    quote(f"{found['operations']['total']} operations, {cases}, {seconds:.0f} s")
