"""A schema as a provider takes it, and the way back from what its model wrote."""

from __future__ import annotations

from typing import Any

from app.structure.decoding import Decoder
from app.structure.dialects import DIALECTS, Dialect, Name
from app.structure.reading import read
from app.structure.schema import Schema, depth_of
from app.structure.shapes import Member, Record, Shape, actual
from app.structure.wire_limits import exceeded
from app.structure.writing import Inexpressible, Loosened, Writer

JSON = Any

# A value of no known form is written three times as deep as it is.
_MOST_DEPTH = 192
_WRAPPED = "extracted"


class Wire:
    """What to send, and how to read what comes back.

    `schema` is the JSON Schema of an object. `strict`: the provider can be told to keep to it.
    `loosened`: what it is not told, or why `strict` is not to be had; `Schema.validate` enforces
    all of it on the decoded value.
    """

    def __init__(
        self,
        root: Record,
        dialect: Dialect,
        *,
        wrapped: bool,
        refused: tuple[Loosened, ...] = (),
    ) -> None:
        writer = Writer(root, dialect)
        self.schema: dict[str, JSON] = writer.document()
        self.strict = dialect.strict
        self.loosened = (*refused, *dict.fromkeys(writer.loosened))
        self._root = root
        self._dialect = dialect
        self._wrapped = wrapped

    def decode(self, value: JSON, *, whole: bool = True) -> JSON:
        """The value that the schema means. It never raises; what fits nowhere stays as it is.

        `whole`: the model has finished; False for what has come so far.
        """
        if depth_of(value, _MOST_DEPTH) > _MOST_DEPTH:
            return value
        if self._dialect.closed:
            value = Decoder(self._dialect, whole=whole).decode(self._root, value)
        if self._wrapped and isinstance(value, dict) and value.keys() == {_WRAPPED}:
            return value[_WRAPPED]
        return value


def encode(schema: Schema, dialect: Name, *, close: bool = False) -> Wire:
    """The strictest form of the schema that the dialect's provider takes.

    `close`: an object whose schema does not say whether it may have other fields has none.
    """
    shape = actual(read(schema.document, schema.references, close=close))
    wrapped = not isinstance(shape, Record)
    root = shape if isinstance(shape, Record) else _wrap(shape)
    refused: tuple[Loosened, ...] = ()
    *preferred, last = DIALECTS[dialect]
    for candidate in preferred:
        try:
            wire = Wire(root, candidate, wrapped=wrapped)
        except Inexpressible as error:
            refused += (Loosened((), "", error.reason),)
            continue
        broken = exceeded(wire.schema, candidate.limits) if candidate.limits else None
        if broken is None:
            return wire
        refused += (Loosened((), "", broken),)
    return Wire(root, last, wrapped=wrapped, refused=refused)


def _wrap(shape: Shape) -> Record:
    """Arguments of a tool are an object: any other value becomes its one field."""
    members = {_WRAPPED: Member(shape, required=True)}
    return Record(members=members, rest=None, bounds={})
