"""What a `$ref` points to. Only within the document: nothing is ever fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin

JSON = Any


@dataclass(frozen=True, slots=True, eq=False)
class _Resource:
    """A schema with an address of its own: the document, and what in it has an `$id`."""

    address: str
    root: JSON
    anchors: dict[str, JSON] = field(default_factory=dict)


class References:
    """An index of a document. `legacy`: before 2019-09, when a `$ref` hid what stood beside it."""

    def __init__(self, document: JSON, *, legacy: bool) -> None:
        self.legacy = legacy
        self._document = _Resource(_address(document) or "", document)
        self._resources = {self._document.address: self._document}
        self._homes: dict[int, _Resource] = {}
        self._read()

    def target(self, holder: dict[str, JSON]) -> JSON:
        """The schema that `holder["$ref"]` names; None if this index does not find it."""
        home = self._homes.get(id(holder), self._document)
        address, fragment = _split(holder["$ref"])
        if address:
            found = self._resources.get(_join(home.address, address))
            if found is None:
                return None
            home = found
        if fragment and not fragment.startswith("/"):
            return home.anchors.get(fragment)
        return _walk(home.root, fragment)

    def _read(self) -> None:
        """Find every address and anchor; most documents have one address, and so no homes."""
        todo: list[tuple[JSON, _Resource]] = [(self._document.root, self._document)]
        while todo:
            value, home = todo.pop()
            if isinstance(value, list):
                todo += [(item, home) for item in value]
            elif isinstance(value, dict):
                home = self._enter(value, home)
                todo += [(item, home) for item in value.values()]

    def _enter(self, schema: dict[str, JSON], home: _Resource) -> _Resource:
        address = _address(schema)
        if address and schema is not home.root:
            home = _Resource(_join(home.address, address), schema)
            self._resources[home.address] = home
        if home is not self._document:
            self._homes[id(schema)] = home
        for anchor in _anchors(schema):
            home.anchors[anchor] = schema
        return home


def _split(reference: str) -> tuple[str, str]:
    address, _, fragment = reference.partition("#")
    return address, unquote(fragment)


def _join(base: str, address: str) -> str:
    try:
        return urljoin(base, address).rstrip("#")
    except ValueError:  # brackets that do not close
        return address


def _address(schema: JSON) -> str | None:
    if not isinstance(schema, dict):
        return None
    for keyword in ("$id", "id"):
        address = schema.get(keyword)
        if isinstance(address, str) and not address.startswith("#"):
            return address.rstrip("#")
    return None


def _anchors(schema: dict[str, JSON]) -> list[str]:
    """Names within a resource; before 2019-09 they were written as an `$id` with a `#`."""
    named = [schema.get(keyword) for keyword in ("$anchor", "$dynamicAnchor")]
    old = [schema.get(keyword) for keyword in ("$id", "id")]
    return [name for name in named if isinstance(name, str)] + [
        name[1:] for name in old if isinstance(name, str) and name.startswith("#")
    ]


def _walk(value: JSON, pointer: str) -> JSON:
    """Follow a JSON Pointer (RFC 6901); None if it leads nowhere."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
