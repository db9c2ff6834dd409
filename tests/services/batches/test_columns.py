"""A row for data of any shape: nothing is lost, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.events import Usage
from app.schemas.extraction import registry
from app.services.batches.batch import Outcome
from app.services.batches.columns import cell, columns, rest
from app.services.batches.table import Table
from app.services.extraction.result import Result, SchemaSaid
from app.services.spreadsheets import harmless

_PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "home": {"anyOf": [{"$ref": "#/$defs/place"}, {"type": "null"}]},
        "friends": {"type": "array", "items": {"$ref": "#"}},
    },
    "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def outcome(data: Any, name: str = "a.txt") -> Outcome:
    return Outcome(
        id=name,
        status="ok",
        result=Result(
            run_id="run_1",
            data=data,
            fields=(),
            issues=(),
            attempts=(),
            missing_ranges=(),
            model="own/m",
            schema=SchemaSaid(),
            flags=(),
            usage=Usage(),
            cost_usd=Decimal("0.0012"),
        ),
    )


def cells(table: Table, row: bytes) -> dict[str, str]:
    head, read = csv.reader(io.StringIO((table.head + row).decode(), newline=""))
    return dict(zip(head, read, strict=True))


def test_there_is_a_column_for_each_leaf() -> None:
    """Through references and past null; a list is one column."""
    assert columns(_PERSON) == [("name",), ("home", "city"), ("friends",)]


@pytest.mark.parametrize("name", registry.find())
def test_every_registered_schema_makes_a_table(name: str) -> None:
    """No column is there twice, whatever the schema's fields are called."""
    head = Table(registry.find()[name].json_schema).head.decode().strip().split(",")
    assert len(set(head)) == len(head) > 7


def test_a_schema_that_holds_itself_has_an_end() -> None:
    """What would have no end is one column."""
    properties = {name: {"$ref": "#"} for name in "abcdefgh"}
    assert columns({"type": "object", "properties": properties}) == [()]


_leaf = st.none() | st.booleans() | st.integers() | st.text()
_data = st.recursive(
    _leaf,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "home", "x"]), inner),
)


@given(_data)
def test_nothing_is_lost(data: Any) -> None:
    """Each value that is not null is in its column, or in the rest."""
    known = columns(_PERSON)
    shown = [cell(data, names) for names in known]
    left = rest(data, known)
    flat = [v for v in _leaves(data) if v not in (None, "")]
    assert bool(flat) <= bool(any(shown) or left is not None)
    if isinstance(data, dict) and isinstance(data.get("home"), str) and data["home"]:
        assert left["home"] == data["home"]


def _leaves(data: Any) -> list[Any]:
    if isinstance(data, dict):
        return [leaf for held in data.values() for leaf in _leaves(held)]
    if isinstance(data, list):
        return [leaf for held in data for leaf in _leaves(held)]
    return [data]


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    """What a model or a file's name says is data to a spreadsheet, and can be read back."""
    table = Table(_PERSON)
    row = cells(table, table.row("d", outcome({"name": text}, text)))
    for shown in (row["id"], row["name"]):
        assert shown == harmless(text)
        assert not shown.startswith(("=", "+", "@", "\t", "\r", "\n"))
    again = table.head + table.row("d", outcome(None, "=1"))
    assert [found.key for found in table.rows(again)] == [("=1", "d")]


def test_numbers_stay_numbers() -> None:
    """A negative amount is no formula, and a decimal keeps its digits."""
    table = Table({"properties": {"a": {}, "b": {}, "c": {}, "d": {}}})
    data = {"a": Decimal("-12.50"), "b": -3, "c": True, "d": "-1+2"}
    row = cells(table, table.row("d", outcome(data)))
    assert [row[name] for name in "abcd"] == ["-12.50", "-3", "true", "'-1+2"]
    assert row["cost_usd"] == "0.0012"


def test_other_columns_are_not_gone_on_with() -> None:
    """A table of another schema is refused, and so is one that is no table of ours."""
    with pytest.raises(BadInput, match="other columns"):
        list(Table(_PERSON).rows(Table({"properties": {"x": {}}}).head))
    with pytest.raises(BadInput, match="other columns"):
        list(Table(_PERSON).rows(b"\x89PNG\r\n\x1a\n"))
