"""The commands for the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete

from app.config import CompatibleServer
from app.services import Services
from app.storage.tables import conversations
from tests.upstream import Upstream

_SECRET = "sk-made-up-and-secret"


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def settings(upstream: Upstream) -> dict[str, Any]:
    own = CompatibleServer("own", f"{upstream.url}/v1", _SECRET)
    return {"compatible": (own,), "chat_model": "demo/demo", "read_timeout": 0.2}


def run(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=list(args))


def conversation(result: Result) -> str:
    found = re.search(r"--conversation (\S+)", result.stderr)
    assert found
    return found[1]


def test_ask_answers(app: Flask, services: Services) -> None:
    """The answer alone is on stdout, and is what was stored; who said it is on stderr."""
    result = run(app, "ask", "Hello, show me code")
    assert result.exit_code == 0
    stored = services.conversations.messages("local", conversation(result))
    assert result.stdout.rstrip("\n") == stored[-1].message.text
    assert "demo/demo" in result.stderr


def test_ask_goes_on(app: Flask) -> None:
    """With `--conversation` the model knows what was said before, and `--system` stays."""
    first = run(app, "ask", "my name is Ada", "--system", "Be brief")
    second = run(app, "ask", "what is my name?", "--conversation", conversation(first))
    assert "Your name is Ada." in second.stdout
    assert "Be brief" in second.stdout


def test_ask_asks_whom_it_is_told_to(app: Flask, upstream: Upstream) -> None:
    """`--model` chooses provider and model."""
    assert run(app, "ask", "hi", "--model", "own/mock-3").stdout.rstrip("\n") == "t0 t1 t2 "
    assert upstream.requests[0]["model"] == "mock-3"


@pytest.mark.parametrize("model", ["own/cut-3", "own/stall-3"])
def test_ask_shows_what_came_before_it_failed(app: Flask, model: str) -> None:
    """The text goes out as it comes; a later failure takes none back and sets the exit code."""
    result = run(app, "ask", "hi", "--model", model)
    assert result.stdout.startswith("t0 t1 t2 ")
    assert result.exit_code == 1
    assert re.match(r"Error: .*\bown\b", result.stderr.splitlines()[-1])


@pytest.mark.parametrize(
    "args",
    [
        ("hi", "--model", "unheard/of"),
        ("hi", "--conversation", "conv_none"),
        ("hi", "--model", "own/status-401"),
    ],
)
def test_ask_fails_with_a_sentence(app: Flask, args: tuple[str, ...]) -> None:
    """What cannot be asked is told in one sentence, without a traceback or a key."""
    result = run(app, "ask", *args)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert _SECRET not in result.output


def test_doctor_is_content(app: Flask) -> None:
    """Where everything answers, each thing has its line and the exit code is 0."""
    result = run(app, "doctor")
    assert result.exit_code == 0
    checked = re.findall(r"^✓ ([^:]+):", result.stdout, re.MULTILINE)
    assert checked == ["configuration", "database", "own", "demo", "default model"]


def test_doctor_names_who_does_not_answer(app: Flask, upstream: Upstream) -> None:
    """A provider that cannot be reached has a line that says so, and the exit code is 1."""
    upstream.__exit__()
    result = run(app, "doctor")
    assert result.exit_code == 1
    assert re.findall(r"^✗ ([^:]+):", result.stdout, re.MULTILINE) == ["own"]
    assert "✓ demo:" in result.stdout
    assert _SECRET not in result.output


def test_doctor_sees_the_database(app: Flask, services: Services) -> None:
    """A database that lacks its tables is found out and said how to mend."""
    services.database.write(lambda tx: tx.exec_driver_sql("DELETE FROM alembic_version") and None)
    result = run(app, "doctor")
    assert result.exit_code == 1
    assert "✗ database: " in result.stdout
    assert "flask migrate" in result.stdout


def test_migrate_can_be_repeated(app: Flask, services: Services) -> None:
    """`flask migrate` on a current database says so and breaks nothing."""
    assert run(app, "migrate").exit_code == 0
    services.database.write(lambda tx: tx.execute(delete(conversations)) and None)
    assert run(app, "ask", "hi").exit_code == 0
