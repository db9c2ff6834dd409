"""Any value of any schema can be written in the wire's form, and read back."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.structure.dialects import Name
from app.structure.schema import load
from app.structure.wire import encode
from tests.properties import any_texts, examples, texts
from tests.structure.embedding import embed, without_nulls

JSON = Any
# A schema, with a strategy for the values that it admits.
Pair = tuple[JSON, st.SearchStrategy[JSON]]

_DIALECTS: list[Name] = ["openai_strict", "anthropic_tool", "plain_tool"]
_NAMES = st.sampled_from(["a", "b", "key", "entries", "other_fields", "extracted", "$ref", ""])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=5,
)
_LEAVES: list[Pair] = [
    ({"type": "string"}, texts),
    ({"type": "integer", "minimum": -5}, st.integers(-5, 99)),
    ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False)),
    ({"type": "boolean"}, st.booleans()),
    ({"type": ["string", "null"]}, st.none() | texts),
    ({"enum": ["x", 1, None, True]}, st.sampled_from(["x", 1, None, True])),
    ({"const": "y"}, st.just("y")),
    ({"type": "string", "pattern": "^[ab]+$"}, st.text("ab", min_size=1)),
    ({}, _VALUES),
    (True, _VALUES),
]


@st.composite
def _objects(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    fields = draw(st.dictionaries(_NAMES, inner, max_size=4))
    required = [name for name in fields if draw(st.booleans())]
    schema = {
        "type": "object",
        "properties": {name: one for name, (one, _) in fields.items()},
        "required": required,
    }
    values = {name: strategy for name, (_, strategy) in fields.items()}
    optional = {name: values.pop(name) for name in fields if name not in required}
    named = st.fixed_dictionaries(values, optional=optional)
    match draw(st.sampled_from(["closed", "open", "typed"])):
        case "closed":
            return {**schema, "additionalProperties": False}, named
        case "open":
            others = st.dictionaries(st.sampled_from(["x", "y"]), _VALUES)
        case _:
            schema["additionalProperties"], strategy = draw(inner)
            others = st.dictionaries(st.sampled_from(["x", "y"]), strategy)
    return schema, st.builds(lambda some, more: {**some, **more}, named, others)


@st.composite
def _combined(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    pairs = draw(st.lists(inner, min_size=1, max_size=3))
    schemas, strategies = [one for one, _ in pairs], [strategy for _, strategy in pairs]
    match draw(st.sampled_from(["any", "list", "tuple", "all", "ref"])):
        case "any":
            return {"anyOf": schemas}, st.one_of(strategies)
        case "list":
            return {"type": "array", "items": schemas[0]}, st.lists(strategies[0], max_size=3)
        case "tuple":
            return {"type": "array", "prefixItems": schemas}, st.tuples(*strategies).map(list)
        case "all":
            return {"allOf": [schemas[0], {"title": "t"}]}, strategies[0]
        case _:
            return {"anyOf": [schemas[0], {"type": "null"}]}, st.none() | strategies[0]


_PAIRS: st.SearchStrategy[Pair] = st.recursive(
    st.sampled_from(_LEAVES), lambda inner: _objects(inner) | _combined(inner), max_leaves=8
)


@pytest.mark.parametrize("dialect", _DIALECTS)
@examples(150)
@given(data=st.data())
def test_any_value_survives(dialect: Name, data: st.DataObject) -> None:
    """Its wire form is what the schema that is sent admits, and decodes to what it was.

    Null for an absent field counts as the same.
    """
    document, strategy = data.draw(_PAIRS)
    value = data.draw(strategy)
    schema = load(document)
    assume(not schema.validate(value))
    wire = encode(schema, dialect)
    written = embed(wire, value)
    assert jsonschema_rs.Draft202012Validator(wire.schema).is_valid(written)
    decoded = wire.decode(written)
    assert without_nulls(decoded) == without_nulls(value)
    assert schema.validate(decoded) == []


@pytest.mark.parametrize("dialect", _DIALECTS)
@examples(80)
@given(pair=_PAIRS, written=st.recursive(_VALUES | any_texts, lambda inner: st.lists(inner)))
def test_any_answer_can_be_decoded(dialect: Name, pair: Pair, written: JSON) -> None:
    """Whatever a model writes is decoded to something that validation can judge."""
    schema = load(pair[0])
    wire = encode(schema, dialect)
    for answer in (written, {"extracted": written}, {"a": written, "other_fields": [written]}):
        assert isinstance(schema.validate(wire.decode(answer)), list)


def test_no_answer_is_too_deep() -> None:
    """An answer of a thousand levels is left as it is."""
    answer: JSON = []
    for _ in range(1_000):
        answer = [answer]
    wire = encode(load({"type": "array", "items": {"$ref": "#"}}), "openai_strict")
    assert wire.decode({"extracted": answer}) == {"extracted": answer}
