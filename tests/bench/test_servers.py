"""Whole servers under the bench, in small, and the exit status that says what it is worth."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from bench.load import load
from bench.measures import CANCEL, FIRST, MEMORY, PACED, SLOWEST, TURN, UNPACED, Sizes
from bench.servers import PARLEY, STAND_IN
from bench.serving import started

_SMALL = Sizes(
    10, paced=10, pace="mock-10-1000", turns=10, first=1, waiting=20, leaving=5, rest=0.0
)
_WIRE = replace(
    STAND_IN,
    command=(sys.executable, "-m", "tests.bench.wire", "{port}", "{upstream}"),
    environment={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
)


def _one_less(model: str) -> dict[str, Any]:
    return _WIRE.body("mock-199-0" if model == "mock-200-0" else model)


@pytest.mark.parametrize(("body", "status"), [(_WIRE.body, 0), (_one_less, 1)])
def test_a_lost_token_fails_the_bench(
    body: Callable[[str], dict[str, Any]], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server gets a figure for each measure, and the exit status 1 when streams are cut short."""
    assert main([replace(_WIRE, body=body)], 1, _SMALL) == status
    said = capsys.readouterr()
    assert said.err.count("FAULT") == status
    assert said.err.count("FAULT, 10 times: mock-200-0: 199 tokens of 200") == status
    for measure in (MEMORY, UNPACED, PACED, TURN, FIRST, CANCEL, SLOWEST):
        assert re.search(rf"^\| {re.escape(measure)} +\| +[\d.]+ \|$", said.out, re.MULTILINE)


def test_parley_starts_and_answers_under_the_bench() -> None:
    """Parley, as the bench starts it with a key in force, streams the stand-in's tokens."""
    with started(STAND_IN) as model, started(PARLEY, model.target.port) as parley:
        report = load(parley.target, "mock-200-0", callers=3, turns=6)
        assert (report.tokens, report.faults) == (1200, {})
