"""`flask usage`: what was used and what it cost."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.services import Services
from tests.cli.commands import run
from tests.storage.booked import book, call

_NOON = 1_794_916_800_000  # 2026-11-17 12:00 UTC
_SPAN = ("--from", "2026-11-01", "--to", "2026-11-30")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return {"budget_time_zone": "Pacific/Auckland"}


@pytest.fixture(autouse=True)
def booked(services: Services) -> None:
    book(
        services.database,
        [
            call(owner="ada", created_at=_NOON, cost=3 * 10**12, input_tokens=1_000_000),
            call(owner="=eve", created_at=_NOON, cost=54_399_000_000, state="failed"),
        ],
    )


def test_a_table(app: Flask) -> None:
    """A head, a row for each day of the installation, and the totals."""
    head, row, totals = (line.split() for line in run(app, "usage", *_SPAN).stdout.splitlines())
    assert head[:4] == ["day", "calls", "failed", "unpriced"]
    assert row == ["2026-11-18", "2", "1", "0", "1000000", "0", "0", "0", "0", "3.054399"]
    assert totals == ["total", *row[1:]]


def test_by_and_of(app: Flask) -> None:
    """`--by` groups, and `--owner` leaves the others out."""
    lines = run(app, "usage", *_SPAN, "--by", "owner,model").stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["=eve", "openai/gpt-4o", "1"],
        ["ada", "openai/gpt-4o", "1"],
        ["total", "2", "1"],
    ]
    of_ada = run(app, "usage", *_SPAN, "--owner", "ada").stdout.splitlines()
    assert of_ada[-1].split()[-1] == "3"


def test_csv(app: Flask) -> None:
    """`--csv` is what the API gives: no total, and no formula."""
    printed = run(app, "usage", *_SPAN, "--by", "owner", "--csv").stdout
    rows = list(csv.DictReader(printed.splitlines()))
    assert [(row["owner"], row["cost_usd"]) for row in rows] == [
        ("'=eve", "0.054399"),
        ("ada", "3"),
    ]


def test_nothing_used(app: Flask) -> None:
    """Where there was no call the totals say so."""
    result = run(app, "usage", "--from", "2026-01-01", "--to", "2026-01-31")
    assert result.stdout.splitlines()[-1].split() == ["total", *["0"] * 9]


@pytest.mark.parametrize(
    "args",
    [
        ("--by", "day,message"),
        ("--by", "day,day"),
        ("--by", ""),
        ("--from", "soon"),
        ("--from", "2026-02-01", "--to", "2026-01-01"),
        ("--from", "2024-02-01", "--to", "2026-01-01"),
    ],
)
def test_what_cannot_be_meant(app: Flask, args: tuple[str, ...]) -> None:
    """A wrong option is told in a sentence, without a traceback."""
    result = run(app, "usage", *args)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    assert "Error: " in result.stderr
