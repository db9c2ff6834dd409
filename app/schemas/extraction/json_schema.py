"""A marshmallow schema as JSON Schema 2020-12.

An object in an object stands under `$defs`. What a validator checks by code has no counterpart
and is left out; our own check finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import cleandoc
from typing import Any

from marshmallow import Schema, fields, validate

from app.schemas.extraction.values import Interpreted

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
Described = dict[str, Any]

# By field, the nearest class counting.
_SHAPES: dict[type, Described] = {
    fields.Email: {"type": "string", "format": "email"},
    fields.Url: {"type": "string", "format": "uri"},
    fields.UUID: {"type": "string", "format": "uuid"},
    fields.String: {"type": "string"},
    fields.Integer: {"type": "integer"},
    fields.Float: {"type": "number"},
    fields.Decimal: {"type": ["number", "string"]},
    fields.Boolean: {"type": "boolean"},
    fields.DateTime: {"type": "string", "format": "date-time"},
    fields.Date: {"type": "string", "format": "date"},
    fields.Time: {"type": "string", "format": "time"},
    fields.Mapping: {"type": "object"},
    fields.Raw: {},
}


def json_schema(kind: type[Schema]) -> Described:
    """What an answer has to look like."""
    held: dict[type[Schema], Described] = {}
    root = {"$schema": _DIALECT, "title": kind.__name__, **_object(kind(), kind, held)}
    defs = {each.__name__: described for each, described in held.items()}
    return {**root, "$defs": defs} if defs else root


def _object(schema: Schema, root: type[Schema], held: dict[type[Schema], Described]) -> Described:
    described = {
        field.data_key or name: _field(field, root, held)
        for name, field in schema.load_fields.items()
    }
    required = [field.data_key or name for name, field in schema.fields.items() if field.required]
    about = {"description": cleandoc(schema.__doc__)} if schema.__doc__ else {}
    needs = {"required": required} if required else {}
    open_to = {} if schema.unknown == "include" else {"additionalProperties": False}
    return {**about, "type": "object", "properties": described, **needs, **open_to}


def _field(
    field: fields.Field[Any], root: type[Schema], held: dict[type[Schema], Described]
) -> Described:
    shape = _shape(field, root, held)
    for validator in field.validators:
        shape |= _limits(validator, shape)
    if field.allow_none:
        shape = _nullable(shape)
    text = field.metadata.get("description")
    # Beside a reference some providers take no other keyword.
    return shape if text is None or "$ref" in shape else {"description": text, **shape}


def _shape(
    field: fields.Field[Any], root: type[Schema], held: dict[type[Schema], Described]
) -> Described:
    if isinstance(field, fields.Nested):
        reference = _reference(type(field.schema), field.schema, root, held)
        return {"type": "array", "items": reference} if field.many else reference
    if isinstance(field, fields.List):
        return {"type": "array", "items": _field(field.inner, root, held)}
    if isinstance(field, Interpreted):
        return dict(field.shape)
    if isinstance(field, fields.Dict) and field.value_field:
        return {"type": "object", "additionalProperties": _field(field.value_field, root, held)}
    return next((dict(_SHAPES[kind]) for kind in type(field).__mro__ if kind in _SHAPES), {})


def _reference(
    kind: type[Schema], schema: Schema, root: type[Schema], held: dict[type[Schema], Described]
) -> Described:
    if kind is root:
        return {"$ref": "#"}
    if kind not in held:
        held[kind] = {}
        held[kind] |= _object(schema, root, held)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _nullable(shape: Described) -> Described:
    if "$ref" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    if "enum" in shape:
        shape = {**shape, "enum": [*shape["enum"], None]}
    if "type" not in shape:
        return shape
    kinds = [shape["type"]] if isinstance(shape["type"], str) else shape["type"]
    return {**shape, "type": [*kinds, "null"]}


def _limits(validator: Callable[[Any], Any], shape: Mapping[str, Any]) -> Described:
    """The keywords that say what a validator does."""
    if isinstance(validator, validate.And):
        return {k: v for each in validator.validators for k, v in _limits(each, shape).items()}
    if isinstance(validator, validate.Range):
        low = "minimum" if validator.min_inclusive else "exclusiveMinimum"
        high = "maximum" if validator.max_inclusive else "exclusiveMaximum"
        return _without_none({low: validator.min, high: validator.max})
    if isinstance(validator, validate.Length):
        noun = {"array": "Items", "object": "Properties"}.get(str(shape.get("type")), "Length")
        fewest, most = validator.min, validator.max
        if validator.equal is not None:
            fewest = most = validator.equal
        return _without_none({f"min{noun}": fewest, f"max{noun}": most})
    if isinstance(validator, validate.ContainsOnly):
        return {"items": {**shape.get("items", {}), "enum": list(validator.choices)}}
    if isinstance(validator, validate.OneOf):
        return {"enum": list(validator.choices)}
    if isinstance(validator, validate.NoneOf):
        return {"not": {"enum": list(validator.iterable)}}
    if isinstance(validator, validate.Equal):
        return {"const": validator.comparable}
    if isinstance(validator, validate.Regexp) and not validator.regex.flags & ~32:
        # It begins where the value does, as `match` has it.
        return {"pattern": f"^(?:{validator.regex.pattern!s})"}
    return {}


def _without_none(limits: Described) -> Described:
    return {keyword: limit for keyword, limit in limits.items() if limit is not None}
