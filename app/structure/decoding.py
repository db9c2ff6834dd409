"""From what a model wrote to the value that its schema means."""

from __future__ import annotations

from typing import Any

import msgspec

from app.structure.bounds import same
from app.structure.dialects import Dialect
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
    says_null,
)
from app.structure.writing import slot

JSON = Any

_SHAPES: dict[type, type[Shape]] = {dict: Record, list: Listing}


class Decoder:
    """Decodes one value. What does not look as the encoding would have it is left as it is.

    Null stands for an absent field only in an object that has all its fields, as one has that a
    provider has seen to. In any other, null is what the model meant. `whole`: the value is
    complete; if not, an object may well lack the fields that are yet to come.
    """

    def __init__(self, dialect: Dialect, *, whole: bool) -> None:
        self._dialect = dialect
        self._whole = whole
        self._fits: dict[tuple[int, int], bool] = {}

    def decode(self, shape: Shape, value: JSON) -> JSON:
        match actual(shape):
            case Record() as record if isinstance(value, dict):
                return self._record(record, value)
            case Listing() as listing if isinstance(value, list):
                return [self.decode(self._item(listing, i, v), v) for i, v in enumerate(value)]
            case Either() as either:
                option = self._option(either, value)
                return value if option is None else self.decode(option, value)
            case Anything():
                return self._anything(value)
        return value

    def _option(self, either: Either, value: JSON) -> Shape | None:
        """The first option that fits, or else the first of the same type."""
        same_type = _SHAPES.get(type(value), Scalar)
        fitting = (option for option in either.options if self.fits(option, value))
        similar = (o for o in either.options if isinstance(actual(o), same_type))
        return next(fitting, None) or next(similar, None)

    def fits(self, shape: Shape, value: JSON) -> bool:
        """Whether the value has the form that the shape has when it is encoded."""
        shape = actual(shape)
        key = (id(shape), id(value))
        if key not in self._fits:
            self._fits[key] = self._fit(shape, value)
        return self._fits[key]

    def _fit(self, shape: Shape, value: JSON) -> bool:
        match shape:
            case Literals():
                return any(same(value, one) for one in shape.values)
            case Scalar():
                return shape.admits(value)
            case Either():
                return any(self.fits(option, value) for option in shape.options)
            case Listing():
                return isinstance(value, list) and all(
                    self.fits(self._item(shape, i, v), v) for i, v in enumerate(value)
                )
            case Record():
                return isinstance(value, dict) and self._record_fits(shape, value)
        return isinstance(value, str) if self._dialect.anything == "text" else _tagged(value)

    def _item(self, listing: Listing, place: int, value: JSON) -> Shape:
        """The shape of an item: that of its place, if it fits, or any of them."""
        shapes = items_of(listing)
        if len(shapes) > 1:
            shapes = [*listing.first[place : place + 1], *shapes]
        if len(shapes) < 2:
            return shapes[0] if shapes else Either(options=[])
        return next((shape for shape in shapes if self.fits(shape, value)), shapes[0])

    def _record_fits(self, record: Record, value: dict[str, JSON]) -> bool:
        others = None if record.rest is None else slot(record)
        absent = self._absent(record, value)
        for name, member in record.members.items():
            if name in value and name not in absent:
                if not self.fits(member.shape, value[name]):
                    return False
            elif member.required:
                return False
        unnamed = value.keys() - record.members.keys() - {others}
        return not unnamed and (others is None or isinstance(value.get(others), list))

    def _record(self, record: Record, value: dict[str, JSON]) -> dict[str, JSON]:
        found: dict[str, JSON] = {}
        more: dict[str, JSON] = {}
        others = None if record.rest is None else slot(record)
        absent = self._absent(record, value)
        for name, inner in value.items():
            pairs = self._pairs(inner) if name == others else None
            if record.rest is not None and pairs is not None:
                more = {key: self.decode(record.rest, one) for key, one in pairs}
            elif name not in record.members:
                found[name] = inner
            elif name not in absent:
                found[name] = self.decode(record.members[name].shape, inner)
        return found | {name: one for name, one in more.items() if name not in found}

    def _absent(self, record: Record, value: dict[str, JSON]) -> set[str]:
        """The fields whose null stands for none."""
        needed = record.members.keys() | (set() if record.rest is None else {slot(record)})
        if not self._dialect.null_is_absent or (self._whole and not needed <= value.keys()):
            return set()
        return {
            name
            for name, member in record.members.items()
            if value.get(name, ...) is None and not member.required and not says_null(member.shape)
        }

    def _anything(self, value: JSON) -> JSON:
        if self._dialect.anything == "text" and isinstance(value, str):
            return self._from_text(value)
        if self._dialect.anything != "tagged":
            return value
        if isinstance(value, list):
            return [self._anything(item) for item in value]
        if isinstance(value, dict) and value.keys() == {"entries"}:
            pairs = self._pairs(value["entries"])
            return value if pairs is None else {key: self._anything(one) for key, one in pairs}
        return value

    def _from_text(self, text: str) -> JSON:
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return text if self._whole else None

    def _pairs(self, value: JSON) -> list[tuple[str, JSON]] | None:
        """Keys and values, if the value is a list of them; the last may be yet to come."""
        if not isinstance(value, list):
            return None
        pairs = [(pair["key"], pair["value"]) for pair in value if _is_pair(pair)]
        whole = len(pairs) == len(value)
        return pairs if whole or (not self._whole and len(pairs) == len(value) - 1) else None


def _tagged(value: JSON) -> bool:
    """Whether every object in it is written as its entries."""
    if isinstance(value, list):
        return all(map(_tagged, value))
    if isinstance(value, dict):
        entries = value.get("entries")
        return (
            value.keys() == {"entries"}
            and isinstance(entries, list)
            and all(_is_pair(pair) and _tagged(pair["value"]) for pair in entries)
        )
    return True


def _is_pair(value: JSON) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"key", "value"}
        and isinstance(value["key"], str)
    )
