"""Small schemas of which larger ones are written."""

from __future__ import annotations

import json
from typing import Any, Literal

from app.structure.shapes import type_of

JSON = Any
Sent = dict[str, JSON]

ANYTHING = "anything"
_LONGEST_HINT = 200


def anything(way: Literal["open", "text", "tagged"]) -> Sent:
    """A value of no known form, as `Dialect.anything` wants it."""
    if way == "open":
        return {}
    if way == "text":
        return {"type": "string", "description": "Any JSON value, written as JSON text."}
    return {"$ref": f"#/$defs/{ANYTHING}"}


def tagged() -> Sent:
    """The definition of anything where objects cannot have names of their own."""
    this = anything("tagged")
    scalars = [{"type": name} for name in ("string", "number", "boolean", "null")]
    entries = _object({"entries": pairs(this)})
    return {"anyOf": [*scalars, {"type": "array", "items": this}, entries]}


def _object(fields: dict[str, JSON]) -> Sent:
    names = list(fields)
    return {
        "type": "object",
        "properties": fields,
        "required": names,
        "additionalProperties": False,
    }


def pairs(value: Sent) -> Sent:
    return {"type": "array", "items": _object({"key": {"type": "string"}, "value": value})}


def enum(values: list[JSON]) -> Sent:
    """Values by type: a provider wants one beside them."""
    by_type: dict[str, list[JSON]] = {}
    for value in values:
        by_type.setdefault(type_of(value), []).append(value)
    return any_of(
        [{"type": t, **({} if t == "null" else {"enum": vs})} for t, vs in by_type.items()]
    )


def any_of(options: list[Sent]) -> Sent:
    if {} in options:
        return {}
    flat = [inner for o in options for inner in (o["anyOf"] if o.keys() == {"anyOf"} else [o])]
    different = [o for i, o in enumerate(flat) if o not in flat[:i]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def nullable(written: Sent) -> Sent:
    description = {k: written.pop(k) for k in ("description",) if k in written}
    if isinstance(written.get("type"), str) and "enum" not in written:
        return {**written, "type": [written["type"], "null"], **description}
    return {**any_of([written, {"type": "null"}]), **description}


def described(written: Sent, description: str | None, hints: dict[str, JSON]) -> Sent:
    """What could not be said to a machine is said in words, where it is short."""
    told = {k: v for k, v in hints.items() if len(json.dumps(v, default=str)) <= _LONGEST_HINT}
    hint = f"Must satisfy {json.dumps(told, ensure_ascii=False, default=str)}." if told else None
    text = " ".join(filter(None, (description, hint)))
    if not text or "$ref" in written:  # beside a reference, nothing may stand
        return written
    return {**written, "description": text}
