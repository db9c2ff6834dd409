"""Fields of a JSON Schema whose value is a choice: what may be chosen, and what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from app.evidence.fields import leaves
from app.evidence.issues import Path, only_in_capitals, pattern

# Parts that are looked at, and names in a path: a schema may hold itself.
_MOST, _DEEPEST = 5_000, 12

Choices = Mapping[str, list[str]]


def choices(document: Any) -> Choices:
    """By pattern, as `items.kind`, the texts that are listed; none for what is true or false."""
    found: dict[str, list[str]] = {}
    queue: list[tuple[Any, Path]] = [(document, ())]
    seen: set[tuple[int, Path]] = set()
    for schema, path in islice(queue, _MOST):
        if not isinstance(schema, dict) or len(path) > _DEEPEST or (id(schema), path) in seen:
            continue
        seen.add((id(schema), path))
        listed = schema.get("enum")
        if isinstance(listed, list) or schema.get("type") == "boolean":
            known = found.setdefault(pattern(path), [])
            known += [value for value in listed or () if isinstance(value, str)]
        queue += _inside(document, schema, path)
    return found


def repaired(data: Any, listed: Choices) -> Any:
    """With capitals as the schema writes them, where only one choice can be meant."""
    for path, value in list(leaves(data)) if listed else ():
        known = listed.get(pattern(path))
        if known and isinstance(value, str) and value not in known:
            meant = only_in_capitals(value, known)
            if meant is not None:
                data = put(data, path, meant)
    return data


def put(data: Any, path: Path, value: Any) -> Any:
    """A copy with another value at a path that is there."""
    if not path:
        return value
    step: Any = path[0]
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[step] = put(copy[step], path[1:], value)
    return copy


def _inside(document: Any, schema: dict[str, Any], path: Path) -> Iterator[tuple[Any, Path]]:
    if isinstance(fields := schema.get("properties"), dict):
        yield from ((inner, (*path, name)) for name, inner in fields.items())
    yield schema.get("items"), path
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if isinstance(options := schema.get(keyword), list):
            yield from ((option, path) for option in options)
    yield _referred(document, schema.get("$ref")), path


def _referred(document: Any, reference: Any) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    for step in reference.split("/")[1:]:
        document = document.get(step) if isinstance(document, dict) else None
    return document
