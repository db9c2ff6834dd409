"""What is sent to each provider, and what is made of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from app.structure.dialects import Name
from app.structure.schema import load
from app.structure.wire import Wire, encode
from app.structure.writing import Loosened

_DIALECTS: list[Name] = ["openai_strict", "anthropic_tool", "plain_tool"]


def _wire(schema: Any, dialect: Name = "openai_strict", *, close: bool = False) -> Wire:
    return encode(load(schema), dialect, close=close)


def _closed(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


_PERSON = _closed(
    {
        "name": {"type": "string", "minLength": 1, "description": "As it is written."},
        "age": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["a", "b"]},
        "nick": {"type": ["string", "null"]},
    },
    "name",
)


def test_openai_gets_every_field_as_required() -> None:
    """What was optional may be null, and what it does not know is said in words."""
    wire = _wire(_PERSON)
    assert wire.strict
    assert wire.schema == _closed(
        {
            "name": {
                "type": "string",
                "description": 'As it is written. Must satisfy {"minLength": 1}.',
            },
            "age": {"type": ["integer", "null"], "minimum": 0},
            "kind": {"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}]},
            "nick": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        *("name", "age", "kind", "nick"),
    )
    assert wire.loosened == (Loosened(("name",), "minLength", "unsupported"),)


def test_anthropic_keeps_what_is_optional() -> None:
    """It takes optional fields, and no bounds on numbers and lengths."""
    wire = _wire(_PERSON, "anthropic_tool")
    assert wire.strict
    assert wire.schema["required"] == ["name"]
    assert wire.schema["properties"]["kind"] == {"type": "string", "enum": ["a", "b"]}
    assert {(found.path, found.keyword) for found in wire.loosened} == {
        (("name",), "minLength"),
        (("age",), "minimum"),
    }


def test_others_get_a_plain_schema() -> None:
    """Types, fields, values and simple bounds, with nothing by reference and nothing strict."""
    pair = {"type": "array", "items": {"$ref": "#/$defs/p"}, "minItems": 2, "uniqueItems": True}
    wire = _wire(
        {"type": "object", "properties": {"a": pair}, "$defs": {"p": _PERSON}}, "plain_tool"
    )
    person = wire.schema["properties"]["a"]["items"]
    assert not wire.strict
    assert "$ref" not in str(wire.schema)
    assert person["properties"]["name"]["minLength"] == 1
    assert wire.schema["properties"]["a"]["minItems"] == 2
    assert wire.loosened == (Loosened(("a",), "uniqueItems", "unsupported"),)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"name": "Ada", "age": None, "kind": None, "nick": None}, {"name": "Ada", "nick": None}),
        ({"name": "Ada", "age": 36, "kind": "a", "nick": "A"}, "the same"),
        ({"name": None, "age": 36, "kind": "a", "nick": "A"}, "the same"),
        ({"name": "Ada", "age": None}, "the same"),
        ("Ada", "the same"),
        (None, "the same"),
        ([{"name": "Ada"}], "the same"),
    ],
)
def test_null_is_taken_for_absent(written: Any, meant: Any) -> None:
    """Only where the field is optional and never null, and in an object that has all its fields."""
    assert _wire(_PERSON).decode(written) == (written if meant == "the same" else meant)


def test_an_object_that_is_being_written_may_lack_fields() -> None:
    """While it comes in, its nulls are taken for absent, as they will be in the end."""
    assert _wire(_PERSON).decode({"name": "A", "age": None}, whole=False) == {"name": "A"}


@pytest.mark.parametrize("last", [{}, {"key": "b"}, {"value": 1}])
def test_an_entry_that_is_being_written_is_left_out(last: dict[str, Any]) -> None:
    """It appears when both its key and its value have begun."""
    wire = _wire({"type": "object", "properties": {"c": {}}, "required": ["c"]})
    entries = [{"key": "a", "value": 1}, last]
    answer = {"c": {"entries": entries}, "other_fields": entries}
    assert wire.decode(answer, whole=False) == {"c": {"a": 1}, "a": 1}
    assert wire.decode(answer) == answer


@pytest.mark.parametrize("dialect", _DIALECTS)
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ({"type": "string"}, "a"),
        ({"anyOf": [{"type": "string"}, _PERSON]}, "a"),
        ({"enum": [1, "a", None]}, None),
    ],
)
def test_what_is_no_object_is_wrapped(dialect: Name, schema: Any, value: Any) -> None:
    """A tool's arguments are an object: its one field is the value, which decoding takes out."""
    wire = _wire(schema, dialect)
    assert wire.schema["type"] == "object"
    assert wire.schema["required"] == ["extracted"]
    assert wire.decode({"extracted": value}) == value
    assert wire.decode({"extracted": value, "more": 1}) == {"extracted": value, "more": 1}


def test_names_of_their_own_become_entries() -> None:
    """Where a schema lets a model choose names, it gets a list of keys and values for them."""
    wire = _wire({"type": "object", "additionalProperties": {"type": "number"}})
    entries = [{"key": "a", "value": 1}, {"key": "other_fields", "value": 2.5}]
    assert wire.strict
    assert wire.decode({"other_fields": entries}) == {"a": 1, "other_fields": 2.5}


def test_a_name_that_is_taken_is_not_taken_twice() -> None:
    """A schema's own field of the name keeps it."""
    wire = _wire({"type": "object", "properties": {"other_fields": {"type": "string"}}})
    assert list(wire.schema["properties"]) == ["other_fields", "other_fields_"]
    written = {"other_fields": "a", "other_fields_": [{"key": "b", "value": 1}]}
    assert wire.decode(written) == {"other_fields": "a", "b": 1}


def test_an_entry_does_not_replace_a_field() -> None:
    """A field that the schema names is what was written for it."""
    wire = _wire({"type": "object", "properties": {"a": {"type": "string"}}})
    entries = [{"key": "a", "value": 1}, {"key": "b", "value": 2}]
    assert wire.decode({"a": "x", "other_fields": entries}) == {"a": "x", "b": 2}


def test_what_is_left_open_can_be_closed() -> None:
    """An object that does not say whether it has other fields has none, if that is wanted."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    wire = _wire(schema, close=True)
    assert list(wire.schema["properties"]) == ["a"]
    assert wire.loosened == (Loosened((), "additionalProperties", "closed"),)


def test_a_value_of_any_form_is_written_by_tags_or_as_text() -> None:
    """OpenAI's objects are lists of entries; Anthropic, which takes no circles, writes JSON."""
    schema = _closed({"a": {}}, "a")
    entries = {"entries": [{"key": "x", "value": [1, {"entries": []}]}]}
    assert _wire(schema).decode({"a": entries}) == {"a": {"x": [1, {}]}}
    anthropic = _wire(schema, "anthropic_tool")
    assert anthropic.strict
    assert anthropic.decode({"a": '{"x": [1, {}]}'}) == {"a": {"x": [1, {}]}}
    assert anthropic.decode({"a": "{not JSON"}) == {"a": "{not JSON"}


_TREE = _closed(
    {"name": {"type": "string"}, "inner": {"type": "array", "items": {"$ref": "#"}}}, "name"
)


def test_a_schema_that_contains_itself_stays_strict_at_openai() -> None:
    """It is sent with a reference to itself, and decoded all the way down."""
    wire = _wire(_TREE)
    assert wire.strict
    assert wire.schema["properties"]["inner"]["items"] == {"$ref": "#"}
    leaf = {"name": "b", "inner": None}
    assert wire.decode({"name": "a", "inner": [leaf]}) == {"name": "a", "inner": [{"name": "b"}]}


@pytest.mark.parametrize(
    ("dialect", "schema", "reason"),
    [
        ("anthropic_tool", _TREE, "recursion"),
        ("anthropic_tool", _closed({f"p{i}": {"type": "string"} for i in range(25)}),
         "too_many_optional_fields"),
        ("anthropic_tool", _closed({f"p{i}": {"type": ["string", "integer"]} for i in range(17)},
                                   *(f"p{i}" for i in range(17))), "too_many_unions"),
        ("openai_strict", _closed({"a": {"enum": list(range(1_001))}}), "too_many_enum_values"),
        ("openai_strict", _closed({"a": {"enum": ["x" * 130_000]}}), "too_many_characters"),
        ("openai_strict", False, "impossible"),
    ],
)  # fmt: skip
def test_what_a_provider_does_not_take_goes_the_loose_way(
    dialect: Name, schema: Any, reason: str
) -> None:
    """The tool is then not strict, the first reason says why, and values go as they are."""
    wire = _wire(schema, dialect)
    assert not wire.strict
    assert wire.loosened[0] == Loosened((), "", reason)
    assert wire.decode({"a": None}) == {"a": None}


def test_deep_objects_go_the_loose_way() -> None:
    """OpenAI counts ten levels of objects."""
    schema: dict[str, Any] = {"type": "string"}
    for level in range(1, 12):
        schema = _closed({"a": schema}, "a")
        assert _wire(schema).strict == (level <= 10)


def test_all_of_is_taken_together() -> None:
    """Parts that must all hold become one object, with the narrower of two bounds."""
    base = {"properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]}
    more = _closed({"a": {"minimum": 5}, "b": {"const": "x"}}, "b")
    wire = _wire({"type": "object", "allOf": [base, more]})
    assert wire.schema == _closed(
        {"a": {"type": "integer", "minimum": 5}, "b": {"type": "string", "enum": ["x"]}}, "b", "a"
    ) | {"required": ["a", "b"]}


def test_options_are_told_apart_by_their_marks() -> None:
    """Of two objects with the same fields, the constant says how the answer is to be read."""
    schema = {
        "type": "object",
        "oneOf": [
            _closed({"kind": {"const": "a"}, "x": {"type": "string"}}, "kind"),
            _closed({"kind": {"const": "b"}, "x": {"type": ["string", "null"]}}, "kind"),
        ],
    }
    wire = _wire(schema)
    assert Loosened(("extracted",), "oneOf", "one_of_as_any_of") in wire.loosened
    assert wire.decode({"extracted": {"kind": "a", "x": None}}) == {"kind": "a"}
    assert wire.decode({"extracted": {"kind": "b", "x": None}}) == {"kind": "b", "x": None}


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("not", {"required": ["b"]}),
        ("if", {"required": ["a"]}),
        ("dependentRequired", {"a": ["b"]}),
        ("propertyNames", {"maxLength": 3}),
        ("patternProperties", {"^x": {"type": "string"}}),
        ("minProperties", 1),
        ("anyOf", [{"required": ["a"]}, {"required": ["b"]}]),
    ],
)
def test_what_cannot_be_said_is_named_and_told_in_words(keyword: str, value: Any) -> None:
    """The schema stays strict without it; its description and `loosened` have it."""
    wire = _wire({"type": "object", "properties": {"a": {"type": "string"}}, keyword: value})
    assert wire.strict
    assert Loosened((), keyword, "unsupported") in wire.loosened
    assert keyword in wire.schema["description"]
    assert keyword not in wire.schema


def test_older_drafts_are_sent_as_the_newest() -> None:
    """Draft 4's exclusive bound and its list of items are written in today's words."""
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": {
            "a": {"type": "number", "minimum": 1, "exclusiveMinimum": True},
            "b": {"type": "array", "items": [{"type": "string"}], "additionalItems": False},
        },
        "required": ["a", "b"],
        "additionalProperties": False,
    }
    assert _wire(schema).schema["properties"] == {
        "a": {"type": "number", "exclusiveMinimum": 1},
        "b": {"type": "array", "items": {"type": "string"}, "maxItems": 1},
    }


@pytest.mark.parametrize("dialect", _DIALECTS)
def test_a_schema_is_not_changed_by_encoding_it(dialect: Name) -> None:
    """What a caller sent stays as it was, and the same schema gives the same wire."""
    document = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/p"}},
        "$defs": {"p": _PERSON},
    }
    before, schema = str(document), load(document)
    assert encode(schema, dialect).schema == encode(schema, dialect).schema
    assert str(document) == before
