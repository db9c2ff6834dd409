"""Extracted data as one row of a table: a column for each leaf of the schema.

What a table cannot hold is JSON in one cell: a list; and in the last, what the schema allows and
does not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import unquote

import msgspec

Names = tuple[str, ...]

# More would be no table, and what refers to itself has no end.
_MOST, _DEPTH = 200, 8
# Beside these the properties are not all that there is to an object.
_COMPOSED = {"anyOf", "oneOf", "allOf"}
_json = msgspec.json.Encoder(decimal_format="number")


def columns(schema: Any) -> Sequence[Names]:
    """The path of each column; () alone for data that has no members of its own."""
    found = list(islice(_leaves(schema, schema, ()), _MOST + 1))
    return found if len(found) <= _MOST else [()]


def cell(data: Any, names: Names) -> str:
    """What stands there, empty for null and for nothing."""
    for name in names:
        data = data.get(name) if isinstance(data, Mapping) else None
    return shown(data)


def shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else _json.encode(value).decode()


def rest(data: Any, columns: Sequence[Names], path: Names = ()) -> Any:
    """What of the data no column shows; None if that is nothing."""
    if path in columns or data is None:
        return None
    if not isinstance(data, Mapping) or not any(c[: len(path)] == path for c in columns):
        return data
    left = {name: rest(held, columns, (*path, name)) for name, held in data.items()}
    return {name: held for name, held in left.items() if held is not None} or None


def _leaves(schema: Any, root: Any, path: Names) -> Iterator[Names]:
    shape = _resolved(schema, root)
    properties = {} if shape.keys() & _COMPOSED else shape.get("properties")
    if not isinstance(properties, Mapping) or not properties or len(path) == _DEPTH:
        yield path
        return
    for name, inner in properties.items():
        yield from _leaves(inner, root, (*path, name))


def _resolved(schema: Any, root: Any) -> Mapping[str, Any]:
    """Behind references, and without the alternative of null."""
    for _ in range(_DEPTH):
        if not isinstance(schema, Mapping):
            break
        if isinstance(schema.get("$ref"), str):
            schema = _target(schema["$ref"], root)
        elif one := _only(schema.get("anyOf") or schema.get("oneOf")):
            schema = one
        else:
            return schema
    return {}


def _target(reference: str, root: Any) -> Any:
    """What a JSON Pointer in the schema leads to, None where it is another kind of reference."""
    where, *steps = unquote(reference).split("/")
    found: Any = root if where == "#" else None
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _only(alternatives: Any) -> Any:
    if not isinstance(alternatives, Sequence):
        return None
    others = [each for each in alternatives if each != {"type": "null"}]
    return others[0] if len(others) == 1 else None
