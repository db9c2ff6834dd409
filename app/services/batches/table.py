"""Results as CSV (RFC 4180): a row for each document, a column for each leaf of the schema."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from app.errors import BadInput
from app.services.batches.batch import Outcome, Status
from app.services.batches.columns import cell, columns, rest, shown
from app.services.batches.results import Row
from app.services.spreadsheets import harmless

# Before the columns of the schema, and after them.
_FIRST, _LAST = ("id", "digest", "status"), ("other", "unsupported", "problem", "cost_usd")

# The library's own limit is for what strangers send; these cells are ours.
csv.field_size_limit(2**31 - 1)


class Table:
    """For data of one schema."""

    def __init__(self, schema: Any) -> None:
        self._columns = columns(schema)
        self._titles = [*_FIRST, *map(_title, self._columns), *_LAST]
        self.head = _written(self._titles)

    def row(self, digest: str, outcome: Outcome) -> bytes:
        result, problem = outcome.result or None, outcome.problem or {}
        data = result.data if result else None
        unsupported = [f.path for f in result.fields if f.status == "unsupported"] if result else []
        return _written(
            [
                *(outcome.id, digest, outcome.status),
                *(cell(data, names) for names in self._columns),
                shown(rest(data, self._columns)),
                " ".join(".".join(map(str, path)) for path in unsupported),
                problem.get("detail", ""),
                shown(outcome.bill[1]),
            ]
        )

    def rows(self, content: bytes) -> Iterator[Row]:
        """Of a last row that was interrupted nothing is given. Raises BadInput."""
        records = _records(content)
        head = next(records, None)
        if head is not None and _read(head) != self._titles:
            raise BadInput("It has other columns than this schema's results.")
        for record in records:
            read = _read(record)
            if len(read) != len(self._titles) or read[2] not in get_args(Status):
                raise BadInput(f"It has a row that is no result of flask extract: {read[:1]}.")
            yield Row((_bare(read[0]), read[1]), read[2], record)


def _title(names: Sequence[str]) -> str:
    title = ".".join(names) or "data"
    return f"data.{title}" if title in (*_FIRST, *_LAST) else title


def _written(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(map(harmless, cells))
    return text.getvalue().encode()


def _read(record: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(record.decode("utf-8-sig", "replace"), newline="")), [])


def _bare(name: str) -> str:
    """As it was before it was made harmless."""
    return name[1:] if name.startswith("'") and harmless(name[1:]) == name else name


def _records(content: bytes) -> Iterator[bytes]:
    """Those that have their end: outside of quotes, which come in pairs."""
    record = b""
    for line in io.BytesIO(content):
        record += line
        if record.endswith(b"\n") and record.count(b'"') % 2 == 0:
            yield record
            record = b""
