"""A value as a model would write it: the way that `Wire.decode` goes back."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from app.structure.bounds import same
from app.structure.decoding import Decoder
from app.structure.shapes import (
    Anything,
    Either,
    Listing,
    Literals,
    Record,
    Scalar,
    Shape,
    actual,
    items_of,
    type_of,
)
from app.structure.wire import Wire
from app.structure.writing import slot

JSON = Any


class Unwritable(Exception):
    """The wire form has no place for the value."""


def embed(wire: Wire, value: JSON) -> JSON:
    """Raises Unwritable."""
    value = {"extracted": value} if wire._wrapped else value
    return _Embedder(wire).embed(wire._root, value) if wire._dialect.closed else value


class _Embedder:
    def __init__(self, wire: Wire) -> None:
        self._dialect = wire._dialect

    def embed(self, shape: Shape, value: JSON) -> JSON:
        match actual(shape):
            case Record() as record:
                return self._record(record, value)
            case Listing() as listing:
                return self._listing(listing, value)
            case Either() as either:
                return self._either(either, value)
            case Anything():
                return self._anything(value)
            case Literals(values=values) if any(same(value, one) for one in values):
                return value
            case Scalar(type=name) if type_of(value) in (name, "integer" * (name == "number")):
                return value
            case leaf:
                raise Unwritable(f"{value!r:.80} is no {leaf!r:.80}")

    def _record(self, record: Record, value: JSON) -> JSON:
        if not isinstance(value, dict):
            raise Unwritable(f"{value!r:.80} is no object")
        written: dict[str, JSON] = {}
        for name, member in record.members.items():
            if name in value:
                written[name] = self.embed(member.shape, value[name])
            elif member.required:
                raise Unwritable(f"no {name}")
            elif self._dialect.null_is_absent:
                written[name] = None
        others = {n: v for n, v in value.items() if n not in record.members}
        if (rest := record.rest) is not None:
            pairs = [{"key": n, "value": self.embed(rest, v)} for n, v in others.items()]
            return {**written, slot(record): pairs}
        if others:
            raise Unwritable(f"no place for {', '.join(others)}")
        return written

    def _listing(self, listing: Listing, value: JSON) -> JSON:
        if not isinstance(value, list):
            raise Unwritable(f"{value!r:.80} is no array")
        if any(isinstance(actual(shape), Anything) for shape in items_of(listing)):
            return [self._anything(item) for item in value]
        written = []
        for place, item in enumerate(value):
            shape = listing.first[place] if place < len(listing.first) else listing.rest
            if shape is None:
                raise Unwritable("too many items")
            written.append(self.embed(shape, item))
        return written

    def _either(self, either: Either, value: JSON) -> JSON:
        """As the first option that the wire tells from the others, or else as the first of all."""
        decoder = Decoder(self._dialect, whole=True)
        written = []
        for option in either.options:
            with contextlib.suppress(Unwritable):
                written.append((option, self.embed(option, value)))
        written.sort(key=lambda pair: not decoder.fits(*pair))
        for option, one in written:
            if decoder.decode(either, one) == decoder.decode(option, one):
                return one
        raise Unwritable(f"{value!r:.80} fits no option")

    def _anything(self, value: JSON) -> JSON:
        if self._dialect.anything == "text":
            return json.dumps(value)
        if isinstance(value, list):
            return [self._anything(item) for item in value]
        if isinstance(value, dict):
            pairs = [{"key": n, "value": self._anything(v)} for n, v in value.items()]
            return {"entries": pairs}
        return value


def without_nulls(value: JSON) -> JSON:
    """The value without the fields that are null: where they may be, that says the same."""
    if isinstance(value, dict):
        return {name: without_nulls(v) for name, v in value.items() if v is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
