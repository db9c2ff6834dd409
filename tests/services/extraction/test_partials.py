"""Data while it is being written."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.services.extraction.partials import Partials, extends
from app.structure.schema import load
from app.structure.wire import encode
from tests.properties import cut, examples

_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
_objects = st.dictionaries(st.text(max_size=5), _values, min_size=1, max_size=4)
_WIRE = encode(load({"type": "object"}), "plain_tool")


def told(written: str, places: list[int]) -> list[Any]:
    """What is told while a text comes in pieces."""
    found: list[Any] = []
    partials = Partials(_WIRE, found.append)
    for piece in cut(written.encode("ascii"), places):
        partials.add(piece.decode("ascii"))
        partials.show()
    partials.show(ended=True)
    return found


@examples(200)
@given(_objects, st.lists(st.integers(0, 10_000), max_size=40))
def test_nothing_is_taken_back(value: Any, places: list[int]) -> None:
    """However the text is cut, each says all that the one before it said, and the last is all."""
    found = told(json.dumps(value), places)
    assert found[-1] == json.loads(json.dumps(value))
    assert all(extends(one, other) for one, other in pairwise(found))


def test_a_number_is_told_when_it_is_whole() -> None:
    """While digits may follow there is none."""
    assert told('{"a": 12, "b": 1250.5}', list(range(100))) == [
        {"a": 12},
        {"a": 12, "b": 1250.5},
    ]


def test_they_are_not_many() -> None:
    """Of a long answer in single characters all of them are at most some twenty times as long."""
    written = json.dumps({"text": "word " * 2_000})
    sizes = [len(json.dumps(each)) for each in told(written, list(range(len(written))))]
    assert sum(sizes) < 25 * len(written)
    assert len(sizes) > 50


def test_what_is_no_json_is_not_told() -> None:
    """A model that writes something else is not shown at all."""
    assert told("I am sorry, but", list(range(20))) == []


def test_another_value_is_no_extension() -> None:
    """What takes something back is told from what goes on."""
    assert extends({"a": "x", "b": [1]}, {"a": "xy", "b": [1, 2], "c": None})
    for other in ({"a": "y", "b": [1]}, {"b": [1]}, {"a": "x", "b": []}, {"a": "x", "b": [True]}):
        assert not extends({"a": "x", "b": [1]}, other)
