"""Every command in the README and in docs/ that can be carried out here is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, blocks, inline, written
from tests.server.process import (
    ROOT,
    Server,
    environment,
    free_port,
    gunicorn,
    require,
    running,
    serving,
    wait_until_ready,
)

_ADMIN = "an-admin-key-of-this-test"
# By how they begin: those that somebody else has tried, or that need what is not here.
_ELSEWHERE = {
    "browser ──": "a drawing",
    "make ": "tests/server/test_start.py",
    "OPENAI_API_KEY=": "make run, tests/server/test_start.py",
    "OTEL_EXPORTER_OTLP_ENDPOINT=": "make run, tests/tracing/test_server.py",
    "PORT=": "make run, tests/server/test_start.py",
    "llm ": "tests/clients/test_llm.py",
    "useradd ": "root, systemd; tests/deploy/test_machine.py",
    "sed ": "tests/deploy/test_machine.py",
    "cd /opt/parley": "the same",
    "heroku ": "Heroku",
    "docker ": "Docker; tests/deploy/test_dockerfile.py",
}
_APPROVAL = (
    "/approvals/CALL_ID"  # needs a call that waits; tests/blueprints/test_agents_approvals.py
)


def commands() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        text = path.read_text()
        for command in [*blocks(text), *inline(text)]:
            if not command.startswith(tuple(_ELSEWHERE)):
                yield written(path), command


def of_curl() -> list[tuple[str, str]]:
    return [(where, it) for where, it in commands() if "curl " in it and _APPROVAL not in it]


def of_ours() -> list[tuple[str, str]]:
    return [(where, it) for where, it in commands() if it.startswith(".venv/bin/flask ")]


def test_none_is_passed_over() -> None:
    """Each command is tried here, or it is said where; and nothing is said of what is not there."""
    left = {it for _, it in commands() if _APPROVAL not in it}
    assert left == {it for _, it in [*of_curl(), *of_ours()]}
    every = [it for path in PAGES for it in blocks(path.read_text())]
    assert [how for how in _ELSEWHERE if not any(it.startswith(how) for it in every)] == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("open"), DEMO_TOKENS_PER_SECOND="100000") as it:
        yield it


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for keys."""
    folder, port = tmp_path_factory.mktemp("locked"), free_port()
    command = gunicorn("--bind", f"127.0.0.1:{port}", "wsgi:app")
    with running(command, folder, {"PORT": str(port), "ADMIN_KEY": _ADMIN}) as it:
        it.url = f"http://127.0.0.1:{port}"
        wait_until_ready(it)
        yield it


def carried_out(command: str, folder: Path, **extra: str) -> str:
    ended = subprocess.run(
        ["sh", "-e", "-c", command],
        cwd=folder,
        env=environment(folder, {"FLASK_APP": f"{ROOT}/wsgi.py", **extra}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize(("where", "command"), of_curl())
def test_a_curl(where: str, command: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """It is answered, and not with a problem."""
    require("curl")
    server = request.getfixturevalue("locked" if "_KEY" in command else "server")
    command = command.replace("http://127.0.0.1:8000", server.url)
    # What expires on the page has not expired, in whatever year this runs.
    command = re.sub(r'("expires_at": ")\d{4}', rf"\g<1>{datetime.now(UTC).year + 1}", command)
    keys = {"ADMIN_KEY": _ADMIN}
    if "$SHOP_KEY" in command:
        first, _, second = command.partition("\ncurl ")
        made = carried_out(first.replace("curl ", "curl -sS "), tmp_path, **keys)
        (keys["SHOP_KEY"],) = re.findall(r'"key": ?"([^"]+)"', made)
        command = f"curl {second}"
    said = carried_out(command.replace("curl ", "curl -sS --fail-with-body "), tmp_path, **keys)
    assert said
    assert "urn:parley:" not in said


@pytest.mark.parametrize(("where", "command"), of_ours())
def test_a_command(where: str, command: str, tmp_path: Path) -> None:
    """It comes to its end without an error, with the demo model for one that costs."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "invoices").mkdir()
    (tmp_path / "invoices" / "one.txt").write_text("From: ACME Ltd.\nTotal EUR 1,250.00\n")
    flask = f"{Path(sys.executable).parent}/flask "
    command = command.replace(".venv/bin/flask ", flask).replace("openai/gpt-5.4-mini", "demo/demo")
    assert carried_out(command, tmp_path, DEMO_TOKENS_PER_SECOND="1000000", RUN_TIMEOUT="20")
