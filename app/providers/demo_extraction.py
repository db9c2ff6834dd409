"""What the demo model extracts: what simple patterns find, and nothing that they don't."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.providers import demo_patterns as patterns
from app.providers.base import Tool

_SURE = 0.3  # of all that it says; it does not understand a word
_DEEPEST = 6

# By a word in a field's name, the pattern that finds such a value; the first that fits counts.
_FINDERS = {
    "email": patterns.email,
    "mail": patterns.email,
    "phone": patterns.phone,
    "website": patterns.website,
    "url": patterns.website,
    "currency": patterns.currency,
    "date": patterns.day,
    "day": patterns.day,
    "time": patterns.clock,
    "amount": patterns.amount,
    "total": patterns.amount,
    "price": patterns.amount,
    "tax": patterns.amount,
}
# Other words that texts have for a field.
_ALSO = {
    "amount": ("grand total", "amount due", "total", "gesamtbetrag"),
    "total": ("grand total", "total"),
    "due_date": ("due", "pay by", "payable by"),
    "vendor_name": ("from", "vendor", "seller"),
    "full_name": ("name", "contact"),
    "title": ("subject", "event"),
    "location": ("where", "place", "venue"),
    "company": ("company", "shop", "store"),
}
# Fields that a document often begins with.
_FIRST = {"vendor_name", "company", "title", "full_name"}


def arguments(said: str, tool: Tool) -> str:
    """The text of a JSON object for the document that stands between two equal lines."""
    line, _, rest = said.partition("\n")
    document, marked, _ = rest.rpartition(f"\n{line}")
    found = _object(tool.parameters, document if marked else said, 0)
    return json.dumps(found, ensure_ascii=False)


def formed(said: str, schema: Mapping[str, Any]) -> str:
    """The same for what somebody says, where an answer is to be JSON."""
    return json.dumps(_object(schema, said, 0), ensure_ascii=False)


def _object(schema: Mapping[str, Any], document: str, depth: int) -> dict[str, Any]:
    found = {}
    for name, field in schema.get("properties", {}).items():
        value = _value(name, field, document, depth)
        if value is not None or name in schema.get("required", ()):
            found[name] = value
    return found


def _value(name: str, schema: Mapping[str, Any], document: str, depth: int) -> Any:
    kinds = _kinds(schema)
    if name == "confidence":
        return _SURE
    if "enum" in schema:
        return patterns.chosen(document, schema["enum"])
    if "object" in kinds and depth < _DEEPEST:
        return _object(schema, document, depth + 1)
    if "array" in kinds:
        return None if "null" in kinds else []
    written = _written(name, schema, document)
    if written is None or "string" in kinds or not kinds:
        return written
    return patterns.number(written) if kinds & {"number", "integer"} else None


def _written(name: str, schema: Mapping[str, Any], document: str) -> str | None:
    """As it stands there: after its label, or the only one of its kind."""
    labels = (*_ALSO.get(name, ()), name.replace("_", " "))
    finder = patterns.day if schema.get("format") == "date" else _finder(name)
    if finder is None and _kinds(schema) & {"number", "integer"}:
        finder = patterns.amount
    if finder is not None:
        return finder(document, labels)
    after = patterns.labelled(document, labels)
    return after or (patterns.first_line(document) if name in _FIRST else None)


def _finder(name: str) -> patterns.Finder | None:
    words = name.lower().split("_")
    return next((finder for word, finder in _FINDERS.items() if word in words), None)


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    said = schema.get("type", [])
    kinds = {said} if isinstance(said, str) else set(said)
    for option in schema.get("anyOf", ()):
        kinds |= _kinds(option)
    return kinds
