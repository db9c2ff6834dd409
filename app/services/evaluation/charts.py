"""Bars, as SVG that stands in a page: no script draws them, and the page's colours are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

_WIDTH, _ROW, _LABEL, _VALUE = 640, 26, 190, 90
_LONGEST = 28  # characters of a label


class Bar(NamedTuple):
    """`shown` is what stands beside it; a `value` of None has no bar."""

    label: str
    value: float | None
    shown: str


def bars(title: str, rows: Sequence[Bar], most: float | None = None) -> str:
    """One below the other, the longest of them as long as there is room; or `most` is."""
    whole = most or max((row.value or 0 for row in rows), default=0) or 1
    room, height = _WIDTH - _LABEL - _VALUE, _ROW * len(rows)
    drawn = "".join(_bar(at, row, room * (row.value or 0) / whole) for at, row in enumerate(rows))
    told = escape(f"{title}. {'; '.join(f'{row.label}: {row.shown}' for row in rows)}")
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{told}">'
        f"{drawn}</svg></figure>"
    )


def _bar(at: int, row: Bar, length: float) -> str:
    top, middle = at * _ROW + 4, at * _ROW + _ROW / 2 + 4
    bar = f'<rect x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_ROW - 8}" rx="2"/>'
    return (
        f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{escape(_cut(row.label))}</text>'
        f"{bar if row.value is not None else ''}"
        f'<text x="{_LABEL + length + 8:.1f}" y="{middle}">{escape(row.shown)}</text>'
    )


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
