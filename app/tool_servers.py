"""MCP servers whose tools are offered, as the configuration names them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

# Which of a server's calls a person must agree to: all, those that the server does not call
# read-only, or none.
Approval = Literal["always", "writes", "never"]
APPROVALS = ("always", "writes", "never")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}\Z")


@dataclass(frozen=True)
class ToolServer:
    """`url` is where it speaks MCP over streamable HTTP; `token` is sent as its bearer's."""

    name: str
    url: str
    token: str | None = field(default=None, repr=False)
    approval: Approval = "writes"


def parse(text: str) -> tuple[ToolServer, ...]:
    """`files=https://tools.example/mcp, crm=http://127.0.0.1:9000/mcp`. Raises ValueError."""
    servers = [_one(part) for part in map(str.strip, text.split(",")) if part]
    names = [server.name for server in servers]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{', '.join(sorted(twice))}: this name stands there more than once.")
    return tuple(servers)


def _one(part: str) -> ToolServer:
    name, _, url = map(str.strip, part.partition("="))
    if not _NAME.match(name):
        raise ValueError(
            f"{name[:40]!r} is no name for a server; write name=https://host/mcp, with a name of "
            "up to 20 small letters, digits and _ that begins with a letter."
        )
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not close, a port over 65535
        usable = False
    if not usable:
        raise ValueError(f"{name}: not a web address; it must look like https://host/mcp.")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{name}: its token belongs into MCP_{name.upper()}_TOKEN.")
    return ToolServer(name, url)
