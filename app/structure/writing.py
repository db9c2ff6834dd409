"""From a shape to the schema that is sent."""

from __future__ import annotations

from typing import Any

import msgspec

from app.structure import phrases
from app.structure.dialects import Dialect
from app.structure.patterns import portable
from app.structure.shapes import (
    Anything,
    Either,
    Listing,
    Literals,
    Loss,
    Member,
    Record,
    Scalar,
    Shape,
    actual,
    inside,
    items_of,
    says_null,
)

JSON = Any
Sent = dict[str, JSON]
Path = tuple[str, ...]

_MOST_PARTS = 3_000  # where nothing is shared, a small schema can become a large one
_OTHERS = "What the object holds beside the fields that are named; usually nothing."


class Loosened(msgspec.Struct, frozen=True):
    """What a provider is not told, at a place: fields' names, "*" for every item or other name.

    `reason`: `unsupported`, `one_of_as_any_of`, `not_scalar`, `type_assumed`, `closed`,
    `recursion`, `unresolved`, `too_many_alternatives`, `too_large`; with no keyword, why a
    schema went the loose way: `recursion`, `impossible`, or the limit that it breaks.
    """

    path: Path
    keyword: str
    reason: str


class Inexpressible(Exception):
    """A dialect has no words for the shape. `reason` is one of Loosened's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def slot(record: Record) -> str:
    """The name of the field that holds what is not named."""
    name = "other_fields"
    while name in record.members:
        name += "_"
    return name


class Writer:
    """Writes one shape in one dialect."""

    def __init__(self, root: Record, dialect: Dialect) -> None:
        self.loosened: list[Loosened] = []
        self._root = root
        self._dialect = dialect
        self._uses = _uses(root)
        self._defs: dict[str, Sent] = {}
        self._names: dict[int, str] = {id(root): "#"}
        self._open: set[int] = set()
        self._parts = 0

    def document(self) -> Sent:
        """Raises Inexpressible."""
        written = self._body(self._root, ())
        return {**written, **({"$defs": self._defs} if self._defs else {})}

    def _write(self, shape: Shape, path: Path) -> Sent:
        shape = actual(shape)
        self._parts += 1
        if id(shape) in self._open and not self._dialect.circles:
            return self._cut(path, "recursion")
        if self._parts > _MOST_PARTS:
            return self._cut(path, "too_large")
        if not self._dialect.shares or (self._uses[id(shape)] < 2 and shape is not self._root):
            return self._body(shape, path)
        if id(shape) not in self._names:
            name = f"part_{len(self._names)}"
            self._names[id(shape)] = f"#/$defs/{name}"
            self._defs[name] = {}
            self._defs[name] = self._body(shape, path)
        return {"$ref": self._names[id(shape)]}

    def _cut(self, path: Path, reason: str) -> Sent:
        if self._dialect.strict:
            raise Inexpressible(reason)
        self.loosened.append(Loosened(path, "$ref", reason))
        return {}

    def _body(self, shape: Shape, path: Path) -> Sent:
        self._open.add(id(shape))
        hints = self._losses(shape.losses, path)
        match shape:
            case Literals():
                written = phrases.enum(shape.values)
            case Scalar():
                written = {"type": shape.type, **self._bounds(shape.bounds, path, hints)}
            case Listing():
                written = self._listing(shape, path, hints)
            case Record():
                written = self._record(shape, path, hints)
            case Either(options=[]):
                written = self._cut(path, "impossible")
            case Either():
                written = phrases.any_of([self._write(option, path) for option in shape.options])
            case _:
                written = self._anything()
        self._open.discard(id(shape))
        return phrases.described(written, shape.description, hints)

    def _losses(self, losses: list[Loss], path: Path) -> dict[str, JSON]:
        self.loosened += [Loosened(path, loss.keyword, loss.reason) for loss in losses]
        return {loss.keyword: loss.value for loss in losses if loss.value is not None}

    def _bounds(self, bounds: dict[str, JSON], path: Path, hints: dict[str, JSON]) -> Sent:
        sent = {k: v for k, v in bounds.items() if self._says(k, v)}
        for keyword in bounds.keys() - sent.keys():
            self.loosened.append(Loosened(path, keyword, "unsupported"))
            hints[keyword] = bounds[keyword]
        return sent

    def _says(self, keyword: str, value: JSON) -> bool:
        if keyword == "format":
            return value in self._dialect.formats
        if keyword == "pattern" and self._dialect.strict and not portable(value):
            return False
        if keyword == "minItems" and "maxItems" not in self._dialect.keywords:
            return bool(value in (0, 1))
        return keyword in self._dialect.keywords

    def _listing(self, shape: Listing, path: Path, hints: dict[str, JSON]) -> Sent:
        items = [self._write(item, (*path, "*")) for item in items_of(shape)]
        written = phrases.any_of(items) if items else {"type": "null"}
        if shape.first:
            self.loosened.append(Loosened(path, "prefixItems", "unsupported"))
        bounds = self._bounds(shape.bounds, path, hints)
        return {"type": "array", **({"items": written} if written else {}), **bounds}

    def _record(self, shape: Record, path: Path, hints: dict[str, JSON]) -> Sent:
        fields = {
            name: self._field(member, (*path, name)) for name, member in shape.members.items()
        }
        required = [name for name, member in shape.members.items() if member.required]
        sent: Sent = {"type": "object", "properties": fields}
        sent |= self._bounds(shape.bounds, path, hints)
        rest = shape.rest
        if not self._dialect.closed:
            more = False if rest is None else self._write(rest, (*path, "*"))
            return (
                sent
                | {"required": required}
                | ({"additionalProperties": more} if more != {} else {})
            )
        if rest is not None:
            fields[slot(shape)] = {
                **phrases.pairs(self._write(rest, (*path, "*"))),
                "description": _OTHERS,
            }
            required.append(slot(shape))
        required = list(fields) if self._dialect.null_is_absent else required
        return sent | {"required": required, "additionalProperties": False}

    def _field(self, member: Member, path: Path) -> Sent:
        written = self._write(member.shape, path)
        if member.required or not self._dialect.null_is_absent or says_null(member.shape):
            return written
        return written if isinstance(actual(member.shape), Anything) else phrases.nullable(written)

    def _anything(self) -> Sent:
        if self._dialect.anything == "tagged":
            self._defs.setdefault(phrases.ANYTHING, phrases.tagged())
        return phrases.anything(self._dialect.anything)


def _uses(root: Shape) -> dict[int, int]:
    """How often each shape that is worth sharing is used; a circle counts as two."""
    uses: dict[int, int] = {}
    todo: list[Shape] = [root]
    while todo:
        shape = actual(todo.pop())
        uses[id(shape)] = uses.get(id(shape), 0) + 1
        if uses[id(shape)] == 1:
            todo += inside(shape)
        elif not isinstance(shape, Record | Listing | Either):
            uses[id(shape)] = 1
    return uses
