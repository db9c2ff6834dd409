"""What a server lists, made into tools: with names that vendors take, and no longer than is good.

Names, descriptions and schemas are a stranger's words. They are shown to models as what a tool says
of itself, bounded, and decide about nothing but the form of its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

import msgspec
import structlog

from app.errors import BadInput
from app.structure.schema import Schema, load
from app.tool_servers import ToolServer
from app.tools.arguments import placed, read
from app.tools.tool import BadArguments, Scene, Tool

log = structlog.get_logger()

_LONGEST_NAME, _LONGEST_DESCRIPTION, _LARGEST_SCHEMA = 64, 2_000, 32_768
_STRANGE = re.compile(r"[^a-zA-Z0-9_-]+")


class Listed(Protocol):
    """A tool as the SDK has it."""

    name: str
    description: str | None
    input_schema: dict[str, Any]

    @property
    def annotations(self) -> Any: ...


# Carries out a tool of the server's, by its own name.
Call = Callable[[str, dict[str, Any], Scene], str]


def tools(
    server: ToolServer, listed: Sequence[Listed], call: Call, seconds: float
) -> tuple[Tool, ...]:
    """Those that can be used; of the others the log says why not."""
    found: dict[str, Tool] = {}
    for one in listed:
        try:
            tool = _tool(server, one, call, seconds, found)
        except BadInput as problem:
            log.warning("tool_left_out", server=server.name, tool=one.name[:80], why=problem.detail)
        else:
            found[tool.name] = tool
    return tuple(found.values())


def _tool(
    server: ToolServer, listed: Listed, call: Call, seconds: float, taken: Mapping[str, Tool]
) -> Tool:
    document = listed.input_schema
    if document.get("type") != "object" or len(msgspec.json.encode(document)) > _LARGEST_SCHEMA:
        raise BadInput("Its schema is none of an object, or is too large.")
    schema, theirs = load(document), listed.name
    return Tool(
        name=_name(server.name, theirs, taken),
        description=(listed.description or theirs).strip()[:_LONGEST_DESCRIPTION],
        parameters={name: part for name, part in document.items() if name != "$schema"},
        load=lambda text: _loaded(schema, text),
        call=lambda arguments, scene: call(theirs, arguments, scene),
        seconds=seconds,
        approval=_needs_approval(server, listed),
        parallel=_reads_only(listed),
        cooperative=True,
    )


def _name(server: str, theirs: str, taken: Mapping[str, Tool]) -> str:
    """As `server_tool`; where that is too long, or taken, its end tells it from others."""
    plain = f"{server}_{_STRANGE.sub('_', theirs)}"
    if len(plain) <= _LONGEST_NAME and plain not in taken:
        return plain
    mark = sha256(theirs.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{plain[: _LONGEST_NAME - 9]}_{mark}"


def _loaded(schema: Schema, text: str) -> dict[str, Any]:
    found = read(text)
    if wrong := schema.validate(found):
        raise BadArguments([placed(each.path, each.sentence) for each in wrong[:20]])
    return found


def _needs_approval(server: ToolServer, listed: Listed) -> bool:
    if server.approval == "writes":
        return not _reads_only(listed)
    return server.approval == "always"


def _reads_only(listed: Listed) -> bool:
    return bool(getattr(listed.annotations, "read_only_hint", None))
