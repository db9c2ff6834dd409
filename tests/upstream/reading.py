"""One request after another off a connection."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Request(NamedTuple):
    """`path` is without the query, names of `headers` are in lower case, `body` is decoded JSON."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def model(self) -> str:
        return str(self.body.get("model"))


def read(lines: Any) -> Request | None:
    """The next request, None if the client has left. `lines` is the socket as a file."""
    try:
        first = lines.readline().decode().split()
        headers = {}
        while line := lines.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = lines.read(int(headers.get("content-length", 0)))
    except OSError:
        return None
    if not first:
        return None
    return Request(first[1].partition("?")[0], headers, json.loads(body) if body else {})
