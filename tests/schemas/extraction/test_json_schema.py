"""marshmallow schemas as JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from marshmallow import EXCLUDE, INCLUDE, Schema, fields
from marshmallow.validate import (
    And,
    ContainsOnly,
    Equal,
    Length,
    NoneOf,
    OneOf,
    Range,
    Regexp,
)

from app.schemas.extraction.json_schema import json_schema


class _Leaf(Schema):
    """A leaf."""

    size = fields.Int(validate=Range(0, 9, max_inclusive=False))


class _Tree(Schema):
    """A tree
    that grows."""

    leaf = fields.Nested(_Leaf, metadata={"description": "not beside a reference"})
    maybe = fields.Nested(_Leaf, allow_none=True, metadata={"description": "or none"})
    leaves = fields.List(fields.Nested(_Leaf), validate=Length(1, 3))
    many = fields.Nested(_Leaf, many=True)
    trees = fields.List(fields.Nested(lambda: _Tree()))


def _described(field: fields.Field[Any]) -> Any:
    return json_schema(Schema.from_dict({"a": field}, name="A"))["properties"]["a"]


@pytest.mark.parametrize(
    ("field", "described"),
    [
        (fields.Str(validate=Length(1, 5)), {"type": "string", "minLength": 1, "maxLength": 5}),
        (fields.Str(validate=Length(equal=3)), {"type": "string", "minLength": 3, "maxLength": 3}),
        (fields.Str(validate=OneOf(["a", "b"])), {"type": "string", "enum": ["a", "b"]}),
        (
            fields.Str(validate=OneOf(["a"]), allow_none=True),
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (fields.Str(validate=Regexp("[a-z]+$")), {"type": "string", "pattern": "^(?:[a-z]+$)"}),
        (fields.Str(validate=Regexp("(?i)a")), {"type": "string"}),
        (fields.Str(validate=NoneOf(["a"])), {"type": "string", "not": {"enum": ["a"]}}),
        (fields.Str(validate=Equal("a")), {"type": "string", "const": "a"}),
        (fields.Str(validate=str.isupper), {"type": "string"}),
        (fields.Email(), {"type": "string", "format": "email"}),
        (
            fields.Int(validate=And(Range(min=1), Range(max=9, max_inclusive=False))),
            {"type": "integer", "minimum": 1, "exclusiveMaximum": 9},
        ),
        (fields.Date(allow_none=True), {"type": ["string", "null"], "format": "date"}),
        (
            fields.List(fields.Str(), validate=[Length(max=2), ContainsOnly(["x"])]),
            {"type": "array", "items": {"type": "string", "enum": ["x"]}, "maxItems": 2},
        ),
        (
            fields.Dict(values=fields.Int(), validate=Length(max=2)),
            {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 2},
        ),
        (fields.Raw(allow_none=True), {}),
        (fields.Bool(metadata={"description": "so"}), {"description": "so", "type": "boolean"}),
    ],
)
def test_a_field_is_described(field: fields.Field[Any], described: Any) -> None:
    """By its type, its validators and whether it may be null; code alone says nothing."""
    assert _described(field) == described
    meta.validate(_described(field))


def test_objects_in_objects() -> None:
    """They stand under $defs, once; a schema in itself refers to the root."""
    described = json_schema(_Tree)
    leaf = {"$ref": "#/$defs/_Leaf"}
    assert described["properties"] == {
        "leaf": leaf,
        "maybe": {"description": "or none", "anyOf": [leaf, {"type": "null"}]},
        "leaves": {"type": "array", "items": leaf, "minItems": 1, "maxItems": 3},
        "many": {"type": "array", "items": leaf},
        "trees": {"type": "array", "items": {"$ref": "#"}},
    }
    assert described["description"] == "A tree\nthat grows."
    Draft202012Validator(described).validate({"trees": [{"leaf": {"size": 3}}], "maybe": None})
    assert not Draft202012Validator(described).is_valid({"trees": [{"leaf": {"size": 9}}]})


@pytest.mark.parametrize(("unknown", "is_open"), [(INCLUDE, True), (EXCLUDE, False)])
def test_unknown_fields(unknown: str, is_open: bool) -> None:
    """Only a schema that takes what it doesn't know is open to it."""
    meta = type("Meta", (), {"unknown": unknown})
    described = json_schema(type("A", (Schema,), {"Meta": meta}))
    assert ("additionalProperties" not in described) == is_open


def test_names_are_those_of_the_data() -> None:
    """A field that is called otherwise outside is described as outside."""
    described = json_schema(Schema.from_dict({"a": fields.Int(data_key="b", required=True)}))
    assert (list(described["properties"]), described["required"]) == (["b"], ["b"])
