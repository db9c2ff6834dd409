"""Which tools the configuration turns on: those that come with Parley, and a user's own modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any

from app.config import Config, ConfigError
from app.tools import own
from app.tools.shipped.calculator import calculator
from app.tools.shipped.clock import current_time
from app.tools.shipped.conversations import search_conversations
from app.tools.shipped.web import fetch_url
from app.tools.tool import Tool
from app.tools.toolbox import Source, Toolbox

_ALWAYS: Sequence[Callable[..., Any]] = (calculator, current_time, search_conversations)
SHIPPED = MappingProxyType({function.__name__: function for function in (*_ALWAYS, fetch_url)})


def toolbox(config: Config) -> Toolbox:
    """All that are on. Raises ConfigError with every problem of every module."""
    problems: list[str] = []
    found: dict[str, Tool] = {}
    for place, tool in (*_shipped(config, problems), *_own(config, problems)):
        if found.setdefault(tool.name, tool) is not tool:
            problems.append(f"{place}: there is a tool {tool.name} already; choose another name.")
    if problems:
        raise ConfigError(problems)
    return Toolbox(tuple(found.values()), sources(config))


def sources(config: Config) -> Sequence[Source]:
    """The MCP servers; what speaks with them is imported only where there are some."""
    if not config.mcp_servers:
        return ()
    from app.tools.servers.server import connect

    return connect(config.mcp_servers, config.certificates)


def _shipped(config: Config, problems: list[str]) -> Iterator[tuple[str, Tool]]:
    for name in config.tools:
        if name not in SHIPPED:
            problems.append(f"TOOLS: there is no {name!r}; there are {', '.join(SHIPPED)}.")
        elif name == fetch_url.__name__ and not config.tool_fetch_url:
            problems.append(
                "TOOLS: fetch_url lets models read any page of the public web. If that is meant, "
                "set TOOL_FETCH_URL=true."
            )
    names = {*config.tools, *([fetch_url.__name__] if config.tool_fetch_url else [])}
    yield from (("TOOLS", _made(SHIPPED[name])) for name in SHIPPED if name in names)


def _own(config: Config, problems: list[str]) -> Iterator[tuple[str, Tool]]:
    for path in config.tools_modules:
        try:
            module = import_module(path)
        except Exception as error:  # whatever a module of somebody else's raises is told
            kind = type(error).__name__
            problems.append(f"TOOLS_MODULES: {path} cannot be imported: {kind}: {error}")
            continue
        tools = _of_module(module)
        if not tools:
            problems.append(f"TOOLS_MODULES: {path} has no function that is marked with @tool.")
        yield from ((f"TOOLS_MODULES: {path}", tool) for tool in tools)


def _of_module(module: ModuleType) -> list[Tool]:
    marked = (own.of(value) for value in vars(module).values() if callable(value))
    return [tool for tool in marked if tool is not None]


def _made(function: Callable[..., Any]) -> Tool:
    found = own.of(function)
    assert found is not None
    return found
