"""What Python's types are to a model, and how a value of one is read: the two halves of a kind."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from marshmallow import RAISE, Schema, post_load
from marshmallow.fields import Dict, Field, List, Nested, Str
from marshmallow.validate import Length, Range

from app.tools import docstrings
from app.tools.fields import AMOUNT, Amount, Choice, Day, Real, Truth, Whole

JSON = dict[str, Any]
# Where nothing else is said: characters of a text, and how many a list or a dict may hold.
_LONGEST_TEXT, _MOST_ITEMS = 10_000, 100
_KNOWN = (
    "str, int, float, bool, Decimal, date, Literal, an Enum, X | None, list[X], dict[str, X] or a "
    "dataclass of these"
)


class Unfit(TypeError):
    """No kind can be made of a type; the text says why."""


@dataclass(frozen=True)
class Kind:
    """`schema` describes it; `field` makes what reads it."""

    schema: JSON
    field: Callable[..., Field[Any]]


def of(annotation: Any, inside: tuple[type, ...] = ()) -> Kind:
    """`inside` are the dataclasses that hold it. Raises Unfit."""
    if get_origin(annotation) is Annotated:
        annotation, *limits = get_args(annotation)
        return _limited(annotation, limits, inside)
    if (plain := _plain(annotation)) is not None:
        return plain
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _choice(parts, parts)
    if origin in (Union, types.UnionType):
        return _optional(parts, inside)
    if origin in (list, dict):
        return _limited(annotation, [], inside)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice([member.value for member in annotation], list(annotation))
    if isinstance(annotation, type) and is_dataclass(annotation):
        return _record(annotation, inside)
    raise Unfit(f"{_shown(annotation)} cannot be described to a model; use {_KNOWN}.")


def _plain(annotation: Any) -> Kind | None:
    if annotation is str:
        return _limited(str, [], ())
    if annotation is int:
        return Kind({"type": "integer"}, Whole)
    if annotation is float:
        return Kind({"type": "number"}, Real)
    if annotation is bool:
        return Kind({"type": "boolean"}, Truth)
    if annotation is date:
        return Kind({"type": "string", "format": "date"}, Day)
    if annotation is Decimal:
        return Kind({"anyOf": [{"type": "number"}, {"type": "string", "pattern": AMOUNT}]}, Amount)
    return None


def _limited(annotation: Any, limits: Sequence[Any], inside: tuple[type, ...]) -> Kind:
    """With marshmallow's Length or Range, as Annotated has them."""
    if annotation is str:
        length = _length(limits, _LONGEST_TEXT)
        schema = _bounded("string", "Length", length)
        return Kind(schema, lambda **how: Str(validate=length, **how))
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is list and len(parts) == 1:
        length, item = _length(limits, _MOST_ITEMS), of(parts[0], inside)
        schema = {**_bounded("array", "Items", length), "items": item.schema}
        return Kind(schema, lambda **how: List(item.field(), validate=length, **how))
    if origin is dict and parts[:1] == (str,):
        length, value = _length(limits, _MOST_ITEMS), of(parts[1], inside)
        schema = {
            **_bounded("object", "Properties", length),
            "additionalProperties": value.schema,
        }
        return Kind(schema, lambda **how: Dict(Str(), value.field(), validate=length, **how))
    if annotation in (int, float) and all(isinstance(limit, Range) for limit in limits):
        return _ranged(of(annotation), limits)
    raise Unfit(
        f"{_shown(annotation)} cannot be limited so; a str, a list or a dict takes marshmallow's "
        "Length, an int or a float its Range."
    )


def _length(limits: Sequence[Any], most: int) -> Length:
    if not limits:
        return Length(max=most)
    if len(limits) > 1 or not isinstance(limits[0], Length):
        raise Unfit("a str, a list and a dict are limited by one Length of marshmallow's.")
    found = limits[0]
    if found.equal is not None:
        return Length(found.equal, found.equal)
    return Length(found.min, most if found.max is None else found.max)


def _bounded(kind: str, what: str, length: Length) -> JSON:
    bounds = {f"min{what}": length.min, f"max{what}": length.max}
    return {"type": kind, **{name: n for name, n in bounds.items() if n is not None}}


def _ranged(kind: Kind, limits: Sequence[Range]) -> Kind:
    schema = dict(kind.schema)
    for limit in limits:
        low = "minimum" if limit.min_inclusive else "exclusiveMinimum"
        high = "maximum" if limit.max_inclusive else "exclusiveMaximum"
        bounds = {low: limit.min, high: limit.max}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    return Kind(schema, lambda **how: kind.field(validate=list(limits), **how))


def _optional(parts: Sequence[Any], inside: tuple[type, ...]) -> Kind:
    others = [part for part in parts if part is not type(None)]
    if len(others) != 1 or len(others) == len(parts):
        raise Unfit(f"{' | '.join(map(_shown, parts))} leaves it open which type is meant.")
    inner = of(others[0], inside)
    schema: JSON = {"anyOf": [inner.schema, {"type": "null"}]}
    if isinstance(inner.schema.get("type"), str) and "enum" not in inner.schema:
        schema = {**inner.schema, "type": [inner.schema["type"], "null"]}
    return Kind(schema, lambda **how: inner.field(**{**how, "allow_none": True}))


def _choice(values: Sequence[Any], meanings: Sequence[Any]) -> Kind:
    if not all(isinstance(value, str | int) for value in values) or not values:
        raise Unfit("a choice is among texts, whole numbers and booleans.")
    kinds = {str: "string", bool: "boolean", int: "integer"}
    found = {kinds[type(value)] for value in values if type(value) in kinds}
    schema: JSON = {"enum": list(values)}
    if len(found) == 1:
        schema = {"type": found.pop(), **schema}
    return Kind(schema, lambda **how: Choice(values, meanings, **how))


def _record(record: type, inside: tuple[type, ...]) -> Kind:
    if record in inside:
        raise Unfit(f"{record.__name__} holds itself, and would have no end.")
    said, hints = docstrings.read(_own_words(record)), get_type_hints(record, include_extras=True)
    kinds = {
        f.name: (of(hints[f.name], (*inside, record)), f.default is f.default_factory is MISSING)
        for f in fields(record)
        if f.init
    }
    schema, made = describe(kinds, said.arguments), reader(kinds, record)
    if said.whole:
        schema["description"] = said.whole
    return Kind(schema, lambda **how: Nested(made, **how))


def describe(kinds: dict[str, tuple[Kind, bool]], said: dict[str, str]) -> JSON:
    """The JSON Schema of an object with these fields; the flag says that one must be there."""
    return {
        "type": "object",
        "properties": {
            name: {**kind.schema, **({"description": said[name]} if said.get(name) else {})}
            for name, (kind, _) in kinds.items()
        },
        "required": [name for name, (_, needed) in kinds.items() if needed],
        "additionalProperties": False,
    }


def reader(kinds: dict[str, tuple[Kind, bool]], record: Callable[..., Any] = dict) -> Schema:
    """What reads such an object, and makes a `record` of it."""

    class Reader(Schema):
        class Meta:
            unknown = RAISE

        @post_load
        def _made(self, data: dict[str, Any], **_: Any) -> Any:
            return record(**data)

    # Under names that nothing of marshmallow's has.
    made = {
        f"field_{name}": kind.field(required=needed, data_key=name, attribute=name)
        for name, (kind, needed) in kinds.items()
    }
    found: Schema = type("Reader", (Reader,), made)()
    return found


def _own_words(record: type) -> str | None:
    """A dataclass without a docstring is given its signature as one."""
    said = record.__doc__
    return None if said and said.startswith(f"{record.__name__}(") else said


def _shown(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
