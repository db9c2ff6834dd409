"""Going through an answer beside the fields that it has to fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields

from app.evidence.issues import Path

Field = fields.Field[Any]


def each(schema: Schema, data: Any, path: Path = ()) -> Iterator[tuple[Path, Field, Any]]:
    """Path, field and value of everything that is there and has a field, in the schema's order."""
    if isinstance(data, Mapping):
        for name, field in schema.fields.items():
            if name in data:
                yield from _each(field, data[name], (*path, name))


def put(data: Any, path: Path, value: Any) -> None:
    """Put a value in the place of another."""
    *above, last = path
    for step in above:
        data = data[step]
    data[last] = value


def replaced(data: Any, path: Path, value: Any) -> Any:
    """The data with another value; only what holds it is copied."""
    if not path:
        return value
    copy: Any = list(data) if isinstance(data, list) else dict(data)
    copy[path[0]] = replaced(data[path[0]], path[1:], value)
    return copy


def _each(field: Field, value: Any, path: Path) -> Iterator[tuple[Path, Field, Any]]:
    yield path, field, value
    if isinstance(field, fields.List) and isinstance(value, list):
        for at, item in enumerate(value):
            yield from _each(field.inner, item, (*path, at))
    elif isinstance(field, fields.Nested):
        yield from each(field.schema, value, path)
