"""What a schema says about the form of a value, with nothing left to combine.

A shape admits what its schema admits, and may admit more: `losses` says where, and
`Schema.validate` makes up for it. It admits less in two cases, which stand there as well:
`closed`, and `type_assumed`, where a schema means a type and does not say so. Shapes may contain
themselves; they are compared by identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from app.structure.compiling import compiled

JSON = Any


@dataclass(frozen=True, slots=True)
class Loss:
    """A keyword that a shape does not say, with its value where that is worth telling a model."""

    keyword: str
    reason: str
    value: JSON = None


@dataclass(slots=True, eq=False, kw_only=True)
class Shape:
    description: str | None = None
    losses: list[Loss] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class Anything(Shape):
    """Any JSON value."""


@dataclass(slots=True, eq=False, kw_only=True)
class Literals(Shape):
    """One of these values; none is an object or an array."""

    values: list[JSON]


@dataclass(slots=True, eq=False, kw_only=True)
class Scalar(Shape):
    """A string, number, integer, boolean or null, and what bounds it, in 2020-12's keywords."""

    type: str
    bounds: dict[str, JSON] = field(default_factory=dict)
    check: jsonschema_rs.Validator | None = None  # made when it is first needed

    def admits(self, value: JSON) -> bool:
        if self.check is None:
            self.check = compiled({"type": self.type, **self.bounds})
        try:
            return self.check.is_valid(value)
        except UnicodeEncodeError:  # half of a surrogate pair is no text
            return False


@dataclass(slots=True, eq=False, kw_only=True)
class Listing(Shape):
    """An array. `first` are the shapes of its first items, `rest` that of the others."""

    first: list[Shape]
    rest: Shape | None
    bounds: dict[str, JSON]


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    shape: Shape
    required: bool


@dataclass(slots=True, eq=False, kw_only=True)
class Record(Shape):
    """An object. `rest`: the shape of what is not named, None where nothing else may be there."""

    members: dict[str, Member]
    rest: Shape | None
    bounds: dict[str, JSON]


@dataclass(slots=True, eq=False, kw_only=True)
class Either(Shape):
    """One of several shapes; with none of them, nothing at all."""

    options: list[Shape]


@dataclass(slots=True, eq=False, kw_only=True)
class Later(Shape):
    """Stands for a shape that contains itself, while that is being made."""

    made: Shape | None = None


def actual(shape: Shape) -> Shape:
    while isinstance(shape, Later) and shape.made is not None:
        shape = shape.made
    return shape


def inside(shape: Shape) -> Iterator[Shape]:
    """The shapes that a shape is made of, in order."""
    if isinstance(shape, Listing):
        yield from shape.first
        if shape.rest is not None:
            yield shape.rest
    elif isinstance(shape, Record):
        yield from (member.shape for member in shape.members.values())
        if shape.rest is not None:
            yield shape.rest
    elif isinstance(shape, Either):
        yield from shape.options


def items_of(listing: Listing) -> list[Shape]:
    """What any item may be. If that is anything, there is nothing else to tell."""
    items = [*listing.first, *([] if listing.rest is None else [listing.rest])]
    anything = [item for item in items if isinstance(actual(item), Anything)]
    return anything[:1] or items


def says_null(shape: Shape) -> bool:
    """Whether null is one of the values that are named, not merely one of any."""
    shape = actual(shape)
    if isinstance(shape, Either):
        return any(map(says_null, shape.options))
    if isinstance(shape, Literals):
        return None in shape.values
    return isinstance(shape, Scalar) and shape.type == "null"


def type_of(value: JSON) -> str:
    """The JSON type. A whole number is an integer however it is written."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
