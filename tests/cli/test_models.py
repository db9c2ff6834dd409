"""`flask models`: what there is to choose from."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask

from tests.cli.commands import SECRET, run
from tests.upstream import Upstream

_LISTED = ("gpt-5", "gpt-4.1-nano", "mock-5-0")


@pytest.fixture
def settings(settings: dict[str, Any], upstream: Upstream) -> dict[str, Any]:
    upstream.listed = _LISTED
    return {
        **settings,
        "openai_base_url": f"{upstream.url}/v1",
        "openai_api_key": SECRET,
        "model_profiles": {"own/mock-*": {"images": False, "retires": date(2031, 2, 3)}},
    }


def table(printed: str) -> dict[str, dict[str, str]]:
    """The rows by their model's name, cut where the head's columns begin."""
    head, *rows = printed.splitlines()
    columns = {m[0]: m.start() for m in re.finditer(r"\S+(?: \S+)*", head)}
    edges = [*columns.values(), None]
    cells = [[row[start:end].strip() for start, end in pairwise(edges)] for row in rows]
    return {row[0]: dict(zip(columns, row, strict=True)) for row in cells}


def test_each_model_has_its_line(app: Flask) -> None:
    """Tokens, abilities, prices for a million tokens and the last day, as far as they are known."""
    rows = table(run(app, "models").stdout)
    assert set(rows) == {"demo/demo", *(f"{p}/{m}" for p in ("openai", "own") for m in _LISTED)}
    assert rows["openai/gpt-5"] == {
        "MODEL": "openai/gpt-5",
        "CONTEXT": "400,000",
        "OUTPUT": "128,000",
        "IMAGES": "yes",
        "TOOLS": "yes",
        "REASONING": "yes",
        "$/M IN": "1.25",
        "$/M OUT": "10.00",
        "RETIRES": "2026-12-11",
    }
    assert rows["openai/gpt-4.1-nano"]["REASONING"] == "no"
    assert (rows["demo/demo"]["$/M IN"], rows["demo/demo"]["OUTPUT"]) == ("0.00", "")
    own = rows["own/mock-5-0"]
    assert (own["IMAGES"], own["$/M IN"], own["RETIRES"]) == ("no", "", "2031-02-03")


def test_of_one_provider(app: Flask) -> None:
    """A name after the command leaves the others out."""
    assert set(table(run(app, "models", "demo").stdout)) == {"demo/demo"}


def test_of_nobody(app: Flask) -> None:
    """A name that no provider has is told, with those that there are."""
    result = run(app, "models", "none")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no provider none, only openai, own, demo.\n"


def test_who_does_not_answer_is_named(app: Flask, upstream: Upstream) -> None:
    """A provider that is away costs its own lines, and it is said that they are missing."""
    upstream.__exit__()
    result = run(app, "models")
    assert result.exit_code == 0
    assert "No list came from openai, own; `flask doctor` says why." in result.stdout
    assert "demo/demo" in result.stdout
    alone = run(app, "models", "own")
    assert alone.stdout.splitlines()[1:] == ["No list came from own; `flask doctor` says why."]
    assert SECRET not in result.output
