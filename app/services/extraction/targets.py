"""Targets by what a caller sends as `schema`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from app.errors import BadInput
from app.services.extraction.free import Free
from app.services.extraction.named import Named, Registered
from app.services.extraction.target import Target

_KEPT = 64  # callers' schemas, so that one that is used again and again is compiled once


class Targets:
    """`registered` are the schemas that go by a name."""

    def __init__(self, registered: Mapping[str, Registered]) -> None:
        self.registered = registered
        self._named: dict[str, Named] = {}
        self._free: OrderedDict[bytes, Free] = OrderedDict()

    def find(self, schema: str | Mapping[str, Any]) -> Target:
        """Raises BadInput, for the field `schema`."""
        return self._by_name(schema) if isinstance(schema, str) else self._sent(schema)

    def refused(self, schema: str | Mapping[str, Any]) -> str | None:
        """A sentence on why it cannot be used, None if it can."""
        try:
            self.find(schema)
        except BadInput as problem:
            return problem.detail
        return None

    def _by_name(self, name: str) -> Named:
        if name not in self._named:
            if name not in self.registered:
                known = ", ".join(self.registered)
                said = f"There is no schema called {name[:80]!r} here. The names are: {known}."
                raise BadInput(said, errors={"schema": [said]})
            self._named[name] = Named(self.registered[name])
        return self._named[name]

    def _sent(self, document: Mapping[str, Any]) -> Free:
        key = sha256(msgspec.json.encode(document)).digest()
        if key not in self._free:
            self._free[key] = Free(document)
            if len(self._free) > _KEPT:
                self._free.popitem(last=False)
        self._free.move_to_end(key)
        return self._free[key]
