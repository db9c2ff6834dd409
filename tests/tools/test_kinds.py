"""What a model is told that it may send is what is taken, for all types that there are."""

from __future__ import annotations

import json
from dataclasses import field, make_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import count
from typing import Annotated, Any, Literal, Optional

from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError
from marshmallow.validate import Length, Range

from app.structure.schema import load
from app.tools import kinds
from tests.properties import examples, texts


class Size(Enum):
    SMALL = 1
    LARGE = "large"


_numbers = count()
_names = st.sampled_from(["a", "b", "fields", "context", "Meta", "load"])
_flat = st.sampled_from(
    [
        *(str, int, float, bool, Decimal, date, Size),
        *(Literal["x", "y"], Literal[1, True], Literal[0, "0"], Literal[False]),
        *(Annotated[int, Range(1, 5)], Annotated[float, Range(0, 1, max_inclusive=False)]),
        *(Annotated[str, Length(1, 3)], Annotated[str, Length(equal=2)]),
    ]
)


def _record(types: dict[str, Any], loose: bool) -> Any:
    fields = [
        (name, kind, field(default=None)) if loose else (name, kind) for name, kind in types.items()
    ]
    return make_dataclass(f"Record{next(_numbers)}", fields, namespace={"__module__": __name__})


_types = st.recursive(
    _flat,
    lambda inner: st.one_of(
        inner.map(lambda kind: Optional[kind]),  # noqa: UP045  # a Literal knows no |
        inner.map(lambda kind: list[kind]),  # type: ignore[valid-type]
        inner.map(lambda kind: Annotated[list[kind], Length(1, 2)]),  # type: ignore[valid-type]
        inner.map(lambda kind: dict[str, kind]),  # type: ignore[valid-type]
        st.builds(_record, st.dictionaries(_names, inner, max_size=3), st.booleans()),
    ),
    max_leaves=4,
)
_numbers_of_json = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(-2, 7),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-9, 9).map(float),
)
_days = st.dates().map(str) | st.sampled_from(
    ["2027-02-29", "2027-1-1", "20270101", "2027-01-01T00:00:00Z", "２０２７-01-01"]
)
_amounts = st.sampled_from(["1", "-1.50", "1.", ".5", "+1", "1e5", "", "-", "١", "1\n", "NaN"])
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    _numbers_of_json,
    texts,
    _days,
    _amounts,
    st.sampled_from(["x", "large"]),
)
_any = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=6,
)


def _near(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of the form that a schema describes, and now and then others."""
    if "anyOf" in schema:
        return st.one_of(*map(_near, schema["anyOf"]), _any)
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | _scalars
    named = schema["type"]
    [kind, *null] = [named] if isinstance(named, str) else named
    found = _of_kind(kind, schema)
    return st.one_of(found, found, *([st.none()] if null else []), _any)


def _of_kind(kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "array":
        return st.lists(_near(schema["items"]), max_size=3)
    if kind == "object" and schema["additionalProperties"]:
        return st.dictionaries(texts, _near(schema["additionalProperties"]), max_size=2)
    if kind == "object":
        parts = {name: _near(part) for name, part in schema["properties"].items()}
        needed = {name: parts[name] for name in schema["required"]}
        others = {name: part for name, part in parts.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=others)
    of = {"integer": _numbers_of_json, "number": _numbers_of_json, "boolean": st.booleans()}
    return of.get(kind, texts | _days | _amounts)


@examples(300)
@given(st.data(), st.dictionaries(_names, st.tuples(_types, st.booleans()), max_size=3))
def test_what_is_said_is_what_is_taken(data: st.DataObject, types: dict[str, Any]) -> None:
    """A JSON Schema validator and marshmallow agree about every value, for every type."""
    made = {name: (kinds.of(kind), needed) for name, (kind, needed) in types.items()}
    schema, reader = kinds.describe(made, {}), kinds.reader(made)
    value = json.loads(json.dumps(data.draw(_near(schema))))
    assert _takes(reader, value) == (load(schema).validate(value) == []), value


def _takes(reader: Schema, value: Any) -> bool:
    try:
        reader.load(value)
    except ValidationError:
        return False
    return True


def test_what_values_become() -> None:
    """Each is of the type that was asked for, and not of one that only compares equal."""
    types = {"whole": int, "real": float, "size": Size, "odd": Literal[0, True], "day": date}
    made = {name: (kinds.of(kind), True) for name, kind in types.items()}
    sent = {"whole": 3.0, "real": 2, "size": 1, "odd": 0, "day": "2027-01-31"}
    found = kinds.reader(made).load(sent)
    assert found["size"] is Size.SMALL
    assert [type(found[name]) for name in ("whole", "real", "odd", "day")] == [
        int,
        float,
        int,
        date,
    ]
