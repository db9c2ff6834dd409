"""The table: figures, ratios, rounds."""

from __future__ import annotations

import math

from bench.measures import CANCEL, SLOWEST, UNPACED
from bench.table import report, table


def test_a_figure_stands_beside_its_ratio() -> None:
    """Each figure has its ratio to the base's, which has none, and what never came is said so."""
    columns = {"A": {UNPACED: 9.0, CANCEL: math.inf}, "B": {UNPACED: 180.0, CANCEL: 2.0}}
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table(columns, "B").splitlines()
    ]
    assert rows[0] == ["", "A", "B"]
    assert rows[2:] == [[UNPACED, "9.00 (0.05 ×)", "180"], [CANCEL, "> 5 s", "2.00"]]
    assert table(columns, "A").count("×") == 1


def test_rounds_are_folded_to_their_median_and_maximum() -> None:
    """A figure is the median of its rounds; the slowest is the slowest of all."""
    rounds = [{UNPACED: value, SLOWEST: value} for value in (1.0, 7.0, 3.0)]
    *_, median, slowest = report({"A": rounds}, ["A"]).splitlines()
    assert median.split("|")[2].strip() == "3.00"
    assert slowest.split("|")[2].strip() == "7.00"
