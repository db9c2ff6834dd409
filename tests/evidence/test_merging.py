"""One answer of those to the pieces of a text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.finding import find
from app.evidence.merging import Merged, Part, merge
from app.evidence.splitting import split
from tests.properties import examples


def _parts(text: str, ranges: list[tuple[int, int]], answers: list[Any]) -> list[Part]:
    return [
        Part(each, data, find(text[each[0] : each[1]], data) if data is not None else ())
        for each, data in zip(ranges, answers, strict=True)
    ]


def _merged(text: str, at: int, answers: list[Any], rules: dict[str, str]) -> Merged:
    return merge(_parts(text, [(0, at), (at, len(text))], answers), rules)


@pytest.mark.parametrize(
    ("rule", "answers", "value"),
    [
        ("first", [3, 4], 3),
        ("last", [3, 4], 4),
        ("sum", [3, 4], 7),
        ("surest", [3, 5], 3),
        ("surest", [5, 4], 4),
        ("first", [None, 4], 4),
        ("last", [3, None], 3),
        ("surest", [None, None], None),
        ("concatenate", [[3], [4, 4]], [3, 4, 4]),
        ("union", [[3, 3], [4, 3]], [3, 4]),
        ("concatenate", [[3], None], [3]),
    ],
)
def test_a_rule_says_which_value_counts(rule: str, answers: list[Any], value: Any) -> None:
    """First, last, sum, what the text bears out; lists one after the other or each value once."""
    data = [{"value": answer} for answer in answers]
    assert _merged("a 3 3\nb 4 4 3", 6, data, {"value": rule}).data == {"value": value}


def test_offsets_are_of_the_whole_text() -> None:
    """A place in the second piece is where it is in the text, under its path in the whole."""
    text = "Widget 9.00\nGadget 8.00\n"
    rows = [{"rows": [{"name": "Widget"}]}, {"rows": [{"name": "Gadget"}]}]
    merged = _merged(text, 12, rows, {})
    assert merged.data == {"rows": [{"name": "Widget"}, {"name": "Gadget"}]}
    assert [(f.path, f.evidence and f.evidence.start) for f in merged.fields] == [
        *((("rows", 0, "name"), 0), (("rows", 1, "name"), 12))
    ]


def test_what_two_pieces_saw_stands_once() -> None:
    """An item in the overlap is one; two equal items at different places are two."""
    text = "Widget 9.00\nGadget 8.00\nWidget 9.00\n"
    widget, gadget = {"name": "Widget", "price": 9}, {"name": "Gadget", "price": 8}
    answers = [{"rows": [widget, gadget]}, {"rows": [gadget, widget]}]
    parts = _parts(text, [(0, 24), (12, 36)], answers)
    assert merge(parts, {}).data["rows"] == [widget, gadget, widget]


def test_of_an_item_that_was_cut_the_whole_counts() -> None:
    """A piece that ends within an item has less of it, and the next has all."""
    text = "Widget\n9.00\nGadget 8.00"
    whole = [{"name": "Widget", "price": 9}, {"name": "Gadget", "price": 8}]
    answers = [{"rows": [{"name": "Widget", "price": None}]}, {"rows": whole}]
    assert merge(_parts(text, [(0, 7), (0, 23)], answers), {}).data["rows"] == whole


def test_a_sum_counts_one_place_once() -> None:
    """What stands in the overlap is added once."""
    text = "fee 5.00 and 7.00"
    answers = [{"fee": 5}, {"fee": 5}, {"fee": 7}]
    merged = merge(_parts(text, [(0, 8), (0, 12), (12, 17)], answers), {"fee": "sum"})
    assert merged.data == {"fee": 12}
    assert (merged.fields[0].support, merged.fields[0].evidence) == ("summed", None)


def test_parts_that_disagree_are_an_issue() -> None:
    """Where no rule foresees two values, it is said that there are two."""
    merged = _merged("of Acme\nof Bolt", 8, [{"by": "Acme"}, {"by": "Bolt"}], {})
    assert [(issue.path, issue.code) for issue in merged.issues] == [(("by",), "parts_disagree")]
    assert "Acme, Bolt" in merged.issues[0].sentence


def test_a_part_that_failed_leaves_the_others() -> None:
    """What it alone would have read is missing; the overlaps were read by its neighbours."""
    ranges = [(0, 10), (8, 20), (18, 30), (28, 40)]
    answers: list[dict[str, Any] | None] = [{"a": None}, None, None, {"a": None}]
    parts = [Part(each, data) for each, data in zip(ranges, answers, strict=True)]
    assert merge(parts, {}).missing_ranges == [(10, 28)]


def test_nothing_succeeded() -> None:
    """There is no data, and all of it is missing."""
    merged = merge([Part((0, 10), None), Part((8, 20), None)], {})
    assert (merged.data, merged.fields, merged.missing_ranges) == ({}, [], [(0, 20)])


@examples(60)
@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 99)), min_size=1, max_size=30),
    st.integers(24, 90),
)
def test_rows_survive_splitting(rows: list[tuple[str, int]], size: int) -> None:
    """Pieces that are read one by one and merged give the rows of the text, each at its place."""
    text = "".join(f"{name}{at} costs {price}.00\n" for at, (name, price) in enumerate(rows))

    def read(piece: str) -> dict[str, Any]:
        found = re.findall(r"^(\w+) costs (\d+)\.00$", piece, re.MULTILINE)
        return {"rows": [{"name": name, "price": int(price)} for name, price in found]}

    ranges = split(text, size, len, size // 2 - 1)
    merged = merge(_parts(text, ranges, [read(text[start:end]) for start, end in ranges]), {})
    assert merged.data == read(text)
    assert all(
        f.evidence and text[f.evidence.start : f.evidence.end] == f.evidence.quote
        for f in merged.fields
    )
