"""`flask agent`: steps and answer in the terminal, and approvals asked there."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.blueprints.agenting import PATIENT, TOOLS, acting, call, results
from tests.blueprints.shared import against
from tests.cli.commands import run
from tests.services.agents.misbehaving import STARTED
from tests.upstream import Upstream

_DELETE = [call("delete_everything", what="logs")]


@pytest.fixture
def settings(upstream: Upstream) -> dict[str, Any]:
    return {**against(upstream), **PATIENT, "tools_modules": TOOLS, "chat_model": "openai/act-1"}


def test_steps_and_answer(app: Flask, upstream: Upstream) -> None:
    """The answer is on stdout alone; what was called, and what it cost, on stderr."""
    upstream.acting = acting([call("echo", text="a")], "Done.")
    result = run(app, "agent", "Do it.")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == "Done."
    for said in ('→ echo({"text": "a"})', "← echo: a", "1. Called echo.", "answered, "):
        assert said in result.stderr


def test_a_call_that_is_approved(app: Flask, upstream: Upstream) -> None:
    """It is asked for in the terminal, and the run goes on."""
    STARTED.clear()
    upstream.acting = acting(_DELETE, "Done.")
    result = app.test_cli_runner().invoke(args=["agent", "Do it."], input="y\n")
    assert result.exit_code == 0, result.output
    assert STARTED == ["delete logs"]
    assert "May delete_everything be called" in result.stderr
    assert result.stdout.strip().endswith("Done.")


def test_a_call_that_is_edited(app: Flask, upstream: Upstream) -> None:
    """Arguments that do not fit are asked for again."""
    STARTED.clear()
    upstream.acting = acting(_DELETE, "Done.")
    lines = 'e\n{"what": 5}\ne\nnot json\ne\n{"what": "dust"}\n'
    result = app.test_cli_runner().invoke(args=["agent", "Do it."], input=lines)
    assert result.exit_code == 0, result.output
    assert STARTED == ["delete dust"]


def test_a_call_that_is_denied(app: Flask, upstream: Upstream) -> None:
    """The model hears of it."""
    upstream.acting = acting(_DELETE, "Done.")
    result = app.test_cli_runner().invoke(args=["agent", "Do it."], input="n\n")
    assert result.exit_code == 0, result.output
    assert "not agreed" in results(upstream.requests[-1])[0]


def test_tools_are_named(app: Flask, upstream: Upstream) -> None:
    """Those that are named are offered, and one that is not there is told."""
    upstream.acting = acting("Done.")
    run(app, "agent", "Do it.", "--tool", "echo")
    assert len(upstream.requests[0]["tools"]) == 1
    result = run(app, "agent", "Do it.", "--tool", "rm")
    assert result.exit_code == 1
    assert "rm" in result.stderr
