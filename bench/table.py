"""The figures as tables in Markdown, each with its ratio to one server's."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median

from bench.measures import PATIENCE, SLOWEST

Values = Mapping[str, float]


def report(rounds: Mapping[str, Sequence[Values]], bases: Sequence[str]) -> str:
    """The day and the machine, and for each of `bases` a table of ratios to that server.

    `rounds` holds for each server its figures by measure, as many times as it was measured.
    """
    columns = {server: _folded(values) for server, values in rounds.items()}
    return "\n\n".join([_machine(), *(table(columns, base) for base in bases)])


def table(columns: Mapping[str, Values], base: str) -> str:
    """The servers side by side, with the ratio of each figure to that of `base`."""
    rows = [["", *columns]]
    for measure, compared in columns[base].items():
        row = [measure]
        for server, values in columns.items():
            ratio = values[measure] / compared if server != base else math.nan
            row.append(_cell(values[measure], ratio))
        rows.append(row)
    return _aligned(rows)


def _folded(rounds: Sequence[Values]) -> Values:
    """The median of the rounds; of what is a maximum, the maximum."""
    return {
        measure: (max if measure == SLOWEST else median)(values[measure] for values in rounds)
        for measure in rounds[0]
    }


def _machine() -> str:
    day = datetime.now(UTC).date()
    return f"{day}, {os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}"


def _cell(value: float, ratio: float) -> str:
    if math.isinf(value):
        return f"> {PATIENCE:.0f} s"
    return _short(value) + (f" ({_short(ratio)} ×)" if 0 < ratio < math.inf else "")


def _short(value: float) -> str:
    """Three figures at most, and no more than two of them after the point."""
    return f"{value:.{max(0, min(2, 2 - math.floor(math.log10(abs(value) or 1))))}f}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows)
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *body))
