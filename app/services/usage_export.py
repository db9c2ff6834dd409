"""Usage as a file: JSON for programs, CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import msgspec

from app.services.spreadsheets import harmless
from app.services.usage import Figures, Report
from app.storage.usage import Names

_encoder = msgspec.json.Encoder(decimal_format="number")


def json(report: Report) -> bytes:
    """The dollars are exact: as many digits as it takes."""
    return _encoder.encode(
        {
            "from": report.first,
            "to": report.last,
            "time_zone": report.time_zone,
            "group_by": report.by,
            "rows": [
                dict(zip(report.by, names, strict=True)) | msgspec.structs.asdict(figures)
                for names, figures in report.rows
            ],
            "totals": report.totals,
            "feedback": {
                "up": report.votes.up,
                "down": report.votes.down,
                "satisfaction": report.votes.satisfaction,
            },
        }
    )


def table(report: Report) -> list[list[str]]:
    """The head and the rows, as texts."""
    head = [*report.by, *Figures.__struct_fields__]
    return [head, *(cells(names, figures) for names, figures in report.rows)]


def cells(names: Names, figures: Figures) -> list[str]:
    return [*(name or "" for name in names), *map(_plain, msgspec.structs.astuple(figures))]


def as_csv(report: Report) -> str:
    """As RFC 4180 writes it, and no cell is a formula."""
    text = io.StringIO()
    csv.writer(text).writerows(map(harmless, row) for row in table(report))
    return text.getvalue()


def _plain(figure: Any) -> str:
    return f"{figure:f}" if isinstance(figure, Decimal) else str(figure)
