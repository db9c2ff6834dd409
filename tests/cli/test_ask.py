"""`flask ask`: a question and its answer."""

from __future__ import annotations

import re
from typing import Any

import gevent
import pytest
from click.testing import Result
from flask import Flask

from app.metering.ledger import Ledger
from app.services import Services
from tests.cli.commands import SECRET, run
from tests.upstream import Upstream


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
    assert SECRET not in result.output


class TestLong:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "lease_seconds": 0.5}

    def test_it_is_not_taken_for_dead(self, app: Flask, services: Services) -> None:
        """A server that works beside it sweeps no call of it, however long it takes."""
        server = Ledger(
            services.database, services.ledger.budgets, services.metrics, services.handover
        )
        asking = gevent.spawn(run, app, "ask", "hi", "--model", "own/mock-40-50000")
        swept = 0
        while not asking.dead:
            swept += server.sweep()
            gevent.sleep(0.05)
        assert (swept, asking.get().exit_code) == (0, 0)
