"""A schema that a caller sends is checked before anything is done with it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from time import process_time
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.structure.dialects import Name
from app.structure.limits import MOST_CHARACTERS, MOST_DEPTH
from app.structure.schema import load
from app.structure.wire import encode
from tests.properties import any_texts, examples

_KEYWORDS = st.sampled_from(
    ("$ref", "$id", "$anchor", "$defs", "properties", "items", "prefixItems", "required", "type",
     "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "additionalProperties",
     "patternProperties", "pattern", "format", "minLength", "maxItems", "minimum", "string",
     "exclusiveMinimum", "dependentSchemas", "unevaluatedProperties", "#/$defs/a", "#", "a")
)  # fmt: skip
_LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | _KEYWORDS | st.text(max_size=3)
_DOCUMENTS = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYWORDS, inner, max_size=4),
    max_leaves=12,
)


def _nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"properties": {"a": schema}}
    return schema


def _fan_out(*, within: bool) -> dict[str, Any]:
    """Thirty definitions, each of which applies the next one twice."""
    defs: dict[str, Any] = {"d30": {}}
    for i in range(30):
        one = {"$ref": f"#/$defs/d{i + 1}"}
        defs[f"d{i}"] = {"allOf": [{"properties": {"a": one}} if within else one] * 2}
    return {"$ref": "#/$defs/d0", "$defs": defs}


_HOSTILE: dict[str, Any] = {
    "2,000 deep": _nested(2_000),
    "5 MB of text": {"description": "x" * 5_000_000},
    "5 MB of values": {"enum": list(range(700_000))},
    "50,000 fields": {"properties": {f"p{i}": {"type": "string"} for i in range(50_000)}},
    "20,000 references": {"properties": {f"p{i}": {"$ref": "#"} for i in range(20_000)}},
    "fan-out": _fan_out(within=False),
    "fan-out from place to place": _fan_out(within=True),
    "itself": {"$ref": "#"},
    "itself by a detour": {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"anyOf": [{"not": {"$ref": "#"}}]}},
    },
    "nested repetition": {"pattern": "^(a+)+$"},
    "nested repetition of names": {"patternProperties": {"^(a+)+$": {}}},
    "counted repetitions": {"pattern": "(x{1000}){1000}"},
    "many counted repetitions": {
        "properties": {f"p{i}": {"pattern": f"^.{{{1000 - i}}}$"} for i in range(400)}
    },
    "brackets": {"pattern": "[" * 900},
    "long pattern": {"pattern": "(" * 400_000},
    "http": {"$ref": "http://127.0.0.1:9/schema.json"},
    "https with a fragment": {"items": {"$ref": "https://example.com/schema.json#/a"}},
    "file": {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
    "relative": {"properties": {"a": {"$ref": "other.json"}}},
    "no scheme": {"properties": {"a": {"$ref": "//127.0.0.1/a"}}},
    "dynamic": {"$dynamicRef": "http://127.0.0.1:9/schema.json"},
    "its own draft": {"$schema": "http://127.0.0.1:9/draft.json"},
    "a base of its own": {"$id": "http://127.0.0.1:9/a.json", "items": {"$ref": "b.json"}},
    "nowhere": {"$ref": "#/$defs/none"},
    "no anchor": {"$ref": "#none"},
    "not a schema": {"type": "strin"},
    "not an object": ["a"],
    "no JSON": {"properties": {1: {}}},
    "half a pair": {"properties": {"\ud800": {}}},
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_a_hostile_schema_is_refused_at_once(name: str) -> None:
    """In less than 100 ms of CPU, as bad input for the field, in a sentence of sensible length."""
    start = process_time()
    with pytest.raises(BadInput) as refused:
        load(_HOSTILE[name])
    assert process_time() - start < 0.1
    assert refused.value.errors == {"schema": [refused.value.detail]}
    assert len(refused.value.detail) < 600


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A port that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$schema", "$recursiveRef"])
def test_nothing_is_fetched(trap: socket.socket, keyword: str) -> None:
    """A schema that names an address makes no connection to it."""
    address = f"http://127.0.0.1:{trap.getsockname()[1]}/schema.json"
    for draft in ({}, {"$schema": "http://json-schema.org/draft-07/schema#"}):
        for document in ({**draft, keyword: address}, {"items": {**draft, keyword: address}}):
            with contextlib.suppress(BadInput):
                load(document).validate([{}])
    with pytest.raises(BlockingIOError):
        trap.accept()


@pytest.mark.parametrize(
    "document",
    [
        {"type": "object", "properties": {"next": {"$ref": "#"}}},
        {"$ref": "#/$defs/n", "$defs": {"n": {"anyOf": [{"type": "integer"},
                                                        {"items": {"$ref": "#/$defs/n"}}]}}},
        {"$id": "https://example.com/a.json", "items": {"$ref": "a.json#/$defs/b"},
         "$defs": {"b": {"type": "string"}}},
        {"$defs": {"b": {"$anchor": "here", "type": "string"}}, "items": {"$ref": "#here"}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a b/c": {}},
         "items": {"$ref": "#/definitions/a%20b~1c"}},
        {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1,
         "exclusiveMinimum": True},
        {"pattern": "^(?!x)y"},
        True,
        {},
        _nested(MOST_DEPTH // 2 - 1),
        {"description": "x" * (MOST_CHARACTERS - 20)},
    ],
)  # fmt: skip
def test_what_is_legitimate_is_taken(document: Any) -> None:
    """Schemas that contain themselves, references within, older drafts, lookarounds, and plain."""
    assert isinstance(load(document).validate([1]), list)


@examples(400)
@given(_DOCUMENTS)
def test_any_document_is_taken_or_refused(document: Any) -> None:
    """Any JSON is bad input, or a schema that can be sent to everyone and held against a value."""
    try:
        schema = load(document)
    except BadInput:
        return
    value = {"a": [{"a": 1}, "string"]}
    for dialect in get_args(Name):
        wire = encode(schema, dialect)
        assert wire.schema["type"] == "object"
        assert isinstance(schema.validate(wire.decode(value)), list)


@examples(100)
@given(st.recursive(any_texts | _LEAVES | st.floats(), lambda inner: st.lists(inner) |
                    st.dictionaries(any_texts, inner), max_leaves=10))  # fmt: skip
def test_any_value_can_be_validated(value: Any) -> None:
    """Half a surrogate pair, NaN and all: there is an answer, and never an error."""
    schema = load({"type": "object", "properties": {"a": {"type": "string", "pattern": "^a"}}})
    assert isinstance(schema.validate(value), list)
