"""Types, values and bounds that hold at one place, of all the parts that speak of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from app.structure.parts import Part
from app.structure.shapes import Loss, type_of

JSON = Any

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
# Keywords by the type that they bound, with how two of one are brought together.
_LARGER: dict[str, tuple[str, ...]] = {
    "string": ("minLength",),
    "number": ("minimum", "exclusiveMinimum"),
    "array": ("minItems",),
    "object": ("minProperties",),
}
_SMALLER: dict[str, tuple[str, ...]] = {
    "string": ("maxLength",),
    "number": ("maximum", "exclusiveMaximum"),
    "array": ("maxItems",),
    "object": ("maxProperties",),
}
_FIRST: dict[str, tuple[str, ...]] = {
    "string": ("pattern", "format", "contentEncoding", "contentMediaType"),
    "number": ("multipleOf",),
    "array": ("uniqueItems",),
    "object": (),
}
# Where no type is said, these say which one was thought of.
_TELLING = {
    "object": {"properties", "required", "additionalProperties", "patternProperties"}
    | {"minProperties", "maxProperties", "propertyNames", "dependencies"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "string": {"pattern", "format", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}


@dataclass(slots=True)
class Form:
    """`types`: those allowed, None for any. `values`: the only ones, if they can be listed."""

    types: list[str] | None
    values: list[JSON] | None = None
    bounds: dict[str, dict[str, JSON]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)


def form(own: list[Part]) -> Form:
    said = [_types(part["type"]) for part in own if "type" in part]
    types = reduce(_common, said) if said else None
    losses: list[Loss] = []
    values = _values(own)
    if values is not None:
        values = [v for v in values if types is None or _is_one(type_of(v), types)]
        if not any(isinstance(value, dict | list) for value in values):
            return Form(types, values)
        losses.append(Loss("enum", "not_scalar", values))
        types = list(dict.fromkeys(map(type_of, values)))
    if types is None and (types := _meant(own)):
        losses.append(Loss("type", "type_assumed"))
    bounds = {name: _bounds(own, name, losses) for name in types or ()}
    return Form(types, None, bounds, losses)


def _types(said: JSON) -> list[str]:
    return [name for name in (said if isinstance(said, list) else [said]) if name in TYPES]


def _common(left: list[str], right: list[str]) -> list[str]:
    return [name for name in TYPES if _is_one(name, left) and _is_one(name, right)
            and not (name == "integer" and "number" in left and "number" in right)]  # fmt: skip


def _is_one(name: str, types: list[str]) -> bool:
    return name in types or (name == "integer" and "number" in types)


def _values(own: list[Part]) -> list[JSON] | None:
    """The values that every `enum` and `const` allows; None if there is none of them."""
    lists = [part["enum"] for part in own if isinstance(part.get("enum"), list)]
    lists += [[part["const"]] for part in own if "const" in part]
    if not lists:
        return None
    first, *others = lists
    return [v for v in first if all(any(same(v, o) for o in other) for other in others)]


def same(left: JSON, right: JSON) -> bool:
    """Equal as JSON: true is not 1."""
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _meant(own: list[Part]) -> list[str] | None:
    keywords = set().union(*own) if own else set()
    telling = [name for name, words in _TELLING.items() if words & keywords]
    return telling if len(telling) == 1 else None


def _bounds(own: list[Part], name: str, losses: list[Loss]) -> dict[str, JSON]:
    kind = "number" if name == "integer" else name
    found: dict[str, JSON] = {}
    for keywords, choose in ((_LARGER, max), (_SMALLER, min), (_FIRST, _first)):
        for keyword in keywords.get(kind, ()):
            said = [part[keyword] for part in own if keyword in part]
            if said:
                found[keyword] = choose(said)
            if choose is _first and any(value != said[0] for value in said):
                losses.append(Loss(keyword, "unsupported", said[1:]))
    return found


def _first(said: list[JSON]) -> JSON:
    return said[0]
