"""From a schema to its shape: everything that bears on one place is brought together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.structure.bounds import form
from app.structure.parts import Disassembly, Part, Parts, bearing, item, required_of
from app.structure.references import References
from app.structure.shapes import (
    Anything,
    Either,
    Later,
    Listing,
    Literals,
    Loss,
    Member,
    Record,
    Scalar,
    Shape,
    actual,
)

JSON = Any

# Alternatives that stand beside one another multiply. Beyond this, those that remain are left
# to validation.
_MOST_ALTERNATIVES = 256
_MOST_SHAPES = 10_000
# Deeper than any provider takes; what is below is left open.
_MOST_DEPTH = 40
# What says whether an object may have other fields than those that are named.
_OPENING = {"additionalProperties", "patternProperties", "unevaluatedProperties"}
# What may name fields that a shape does not see.
_HIDING = {"if", "dependentSchemas", "dependencies", "anyOf", "oneOf", "$ref", "$dynamicRef"}


def read(document: JSON, references: References, *, close: bool = False) -> Shape:
    """The shape of a schema that `load` has checked.

    `close`: an object with named fields that does not say whether it has others has none.
    """
    return _Reader(references, close=close).read((document,))


class _Reader:
    def __init__(self, references: References, *, close: bool) -> None:
        self._close = close
        self._disassembly = Disassembly(references)
        self._known: dict[tuple[int, ...], Shape] = {}
        self._kept: list[tuple[JSON, ...]] = []  # so that no id is given away while we hold it
        self._others: dict[int, JSON] = {}
        self._depth = self._count = 0

    def read(self, schemas: tuple[JSON, ...]) -> Shape:
        """The shape of what all of them say; the same object for the same schemas."""
        schemas = tuple(schema for schema in schemas if schema is not True)
        if len(schemas) != 1:
            return self._read(schemas)
        target, description = self._disassembly.followed(schemas[0])
        shape = self._read((target,))
        if description is None or isinstance(shape, Later):
            return shape
        return replace(shape, description=description)

    def _read(self, schemas: tuple[JSON, ...]) -> Shape:
        key = tuple(sorted({id(schema) for schema in schemas}))
        if key in self._known:
            return self._known[key]
        if self._depth >= _MOST_DEPTH or self._count > _MOST_SHAPES:
            return Anything(losses=[Loss("$ref", "too_large")])
        self._known[key] = later = Later()
        self._kept.append(schemas)
        self._depth += 1
        later.made = self._known[key] = self._assemble(self._disassembly.parts(schemas), 1)
        self._depth -= 1
        return later.made

    def _assemble(self, parts: Parts, alternatives: int) -> Shape:
        """`alternatives`: how many there are already, by the choices made before this one."""
        self._count += 1
        if parts.impossible:
            return Either(options=[])
        if not parts.choices:
            return self._together(parts)
        options, *others = parts.choices
        if not others and not any(parts.own):
            # Nothing to combine: each option is read for itself, so that options can be shared.
            return _either([self.read((option,)) for option in options], parts)
        alternatives *= len(options)
        if alternatives > _MOST_ALTERNATIVES:
            lost = [Loss("anyOf", "too_many_alternatives")]
            return self._assemble(
                Parts(parts.own, others, parts.losses + lost, description=parts.description),
                alternatives,
            )
        base = Parts(parts.own)
        made = [
            self._assemble(base.plus(self._disassembly.parts((option,)), others), alternatives)
            for option in options
        ]
        return _either(made, parts)

    def _together(self, parts: Parts) -> Shape:
        found = form(parts.own)
        shape: Shape
        if found.values is not None:
            values = found.values
            shape = Literals(values=values) if values else Either(options=[])
        elif found.types is None:
            shape = Anything()
        elif len(found.types) == 1:
            shape = self._of_type(found.types[0], found.bounds, parts)
        else:
            shape = Either(options=[self._of_type(t, found.bounds, parts) for t in found.types])
        shape.losses = shape.losses + parts.losses + found.losses
        shape.description = parts.description
        return shape

    def _of_type(self, name: str, bounds: dict[str, dict[str, JSON]], parts: Parts) -> Shape:
        if name == "object":
            return self._record(parts, bounds[name])
        if name == "array":
            return self._listing(parts.own, bounds[name])
        return Scalar(type=name, bounds=bounds[name])

    def _record(self, parts: Parts, bounds: dict[str, JSON]) -> Shape:
        own = parts.own
        required = dict.fromkeys(name for part in own for name in required_of(part))
        named = dict.fromkeys(name for part in own for name in part.get("properties", {}))
        members = {}
        for name in named | required:
            shape = self.read(tuple(rule for part in own for rule in bearing(part, name)))
            if not isinstance(shape, Either) or shape.options:
                members[name] = Member(shape, name in required)
            elif name in required:
                return Either(options=[])
        rest, losses = self._rest(parts)
        if self._close and members and not any(_OPENING & part.keys() for part in own):
            losses += [Loss("additionalProperties", "closed")] if rest is not None else []
            rest = None
        return Record(members=members, rest=rest, bounds=bounds, losses=losses)

    def _rest(self, parts: Parts) -> tuple[Shape | None, list[Loss]]:
        """The shape of what is not named, None if nothing may be, and what that leaves out."""
        whole = not _HIDING & {loss.keyword for loss in parts.losses}
        others = [self._other(part, whole=whole) for part in parts.own]
        named = [part["patternProperties"] for part in parts.own if part.get("patternProperties")]
        losses = [Loss("patternProperties", "unsupported", list(patterns)) for patterns in named]
        if False in others:
            return None, losses
        rest = self.read(tuple(rule for rule in others if rule is not True))
        return (None if isinstance(rest, Either) and not rest.options else rest), losses

    def _other(self, part: Part, *, whole: bool) -> JSON:
        """What a part says of names that it does not list: a schema, True or False.

        `whole`: nothing was left out that may name more, so that `unevaluated` is what it says.
        """
        unevaluated = part.get("unevaluatedProperties", True) if whole else True
        more = part.get("additionalProperties", unevaluated)
        patterns = part.get("patternProperties") or {}
        if not patterns or more is True or more == {}:
            return True if more == {} else more
        if id(part) not in self._others:
            options = [*patterns.values(), *([] if more is False else [more])]
            self._others[id(part)] = options[0] if len(options) == 1 else {"anyOf": options}
        return self._others[id(part)]

    def _listing(self, own: list[Part], bounds: dict[str, JSON]) -> Shape:
        length = max((len(part.get("prefixItems", ())) for part in own), default=0)
        length = min(length, int(bounds.get("maxItems", length)))
        first = [self.read(tuple(item(part, place) for part in own)) for place in range(length)]
        rest = self.read(tuple(part["items"] for part in own if "items" in part))
        if isinstance(rest, Either) and not rest.options:
            bounds = {**bounds, "maxItems": min(length, bounds.get("maxItems", length))}
        only = bounds.get("maxItems", length + 1) <= length
        return Listing(first=first, rest=None if only else rest, bounds=bounds)


def _either(options: list[Shape], parts: Parts) -> Shape:
    """The union. What is in it twice is left out, and anything takes in all the rest."""
    flat: list[Shape] = []
    for option in options:
        bare = isinstance(option, Either) and not (option.losses or option.description)
        flat += option.options if isinstance(option, Either) and bare else [option]
    flat = list({id(option): option for option in flat}.values())
    losses = list(parts.losses)
    if any(isinstance(actual(option), Anything) for option in flat):
        losses += [loss for option in flat for loss in option.losses]
        return Anything(losses=losses, description=parts.description)
    return Either(options=flat, losses=losses, description=parts.description)
