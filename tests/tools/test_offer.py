"""Which tools there are, and who may use which."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import Config, create_app
from app.accounts import Account
from app.config import ConfigError
from app.errors import BadInput
from app.tools.offer import toolbox
from app.tools.tool import Tool
from app.tools.toolbox import Toolbox
from tests.tools.own_tools import close_shop, greet
from tests.tools.scenes import ADA, made

_SHIPPED = ["calculator", "current_time", "search_conversations"]
_MODULE = "tests.tools.own_tools"


def names(box: Toolbox) -> list[str]:
    return [tool.name for tool in box.every()]


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        ({}, _SHIPPED),
        ({"tools": ()}, []),
        ({"tools": ("calculator",)}, ["calculator"]),
        ({"tools": (), "tool_fetch_url": True}, ["fetch_url"]),
        ({"tools": ("fetch_url",), "tool_fetch_url": True}, ["fetch_url"]),
        ({"tools": (), "tools_modules": (_MODULE,)}, ["close_shop", "greet-someone"]),
    ],
)
def test_what_is_on(settings: dict[str, Any], there: list[str]) -> None:
    """Tools are there when they are turned on, and fetch_url only by its own variable."""
    assert names(toolbox(Config(**settings))) == there


def test_what_is_wrong_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start is refused with everything that is wrong with the tools."""
    head = "from app.tools.own import tool\n\n@tool\n"
    modules = {
        "tried_bad": head + 'def f(x):\n    """X."""\n',
        "tried_broken": "def f(:\n",
        "tried_raising": "1 / 0\n",
        "tried_empty": "x = 1\n",
        "tried_clash": head + 'def calculator(x: int) -> int:\n    """X."""\n    return x\n',
    }
    for name, source in modules.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    wanted = (*modules, "tried_nowhere", _MODULE)
    config = Config(
        database_url="sqlite://", tools=("calculator", "fetch_url", "abacus"), tools_modules=wanted
    )
    with pytest.raises(ConfigError) as caught:
        create_app(config)
    for name in modules:
        sys.modules.pop(name, None)
    found = caught.value.problems
    begin = [
        "TOOLS: fetch_url lets models read",
        "TOOLS: there is no 'abacus'; there are calculator",
        "TOOLS_MODULES: tried_bad cannot be imported: BadTool: f cannot be a tool: x: it has no",
        "TOOLS_MODULES: tried_broken cannot be imported: SyntaxError",
        "TOOLS_MODULES: tried_raising cannot be imported: ZeroDivisionError",
        "TOOLS_MODULES: tried_empty has no function that is marked with @tool.",
        "TOOLS_MODULES: tried_nowhere cannot be imported: ModuleNotFoundError",
        "TOOLS_MODULES: tried_clash: there is a tool calculator already",
    ]
    assert len(found) == len(begin)
    assert all(any(said.startswith(each) for said in found) for each in begin), found


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables mean what docs/operating.md says."""
    for name, value in {
        "TOOLS": "none",
        "TOOLS_MODULES": f" {_MODULE} ,",
        "TOOL_FETCH_URL": "true",
        "MCP_SERVERS": "files=https://tools.test/mcp, crm=http://127.0.0.1:9000/",
        "MCP_FILES_TOKEN": "secret-token",
        "MCP_CRM_APPROVAL": "never",
    }.items():
        monkeypatch.setenv(name, value)
    config = Config.from_env()
    assert (config.tools, config.tools_modules, config.tool_fetch_url) == ((), (_MODULE,), True)
    files, crm = config.mcp_servers
    assert (files.name, files.url, files.token) == (
        "files",
        "https://tools.test/mcp",
        "secret-token",
    )
    assert (files.approval, crm.approval, crm.token) == ("writes", "never", None)
    assert "secret-token" not in repr(config)


@pytest.mark.parametrize(
    "value",
    [
        *["https://tools.test/mcp", "Files=https://a.test", "a=ftp://a.test", "a=https://[", "a="],
        *["a=https://a.test, a=https://b.test", "a=https://ada:secret@a.test/", "=https://a.test"],
    ],
)
def test_bad_servers(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """What names no server, or one twice, is refused at the start."""
    monkeypatch.setenv("MCP_SERVERS", value)
    with pytest.raises(ConfigError, match="MCP_SERVERS: "):
        Config.from_env()


@pytest.fixture
def box() -> Toolbox:
    return toolbox(Config(tools_modules=(_MODULE,)))


def granted(box: Toolbox, account: Account, wanted: list[str] | None) -> list[str]:
    return [tool.name for tool in box.granted(account, wanted)]


def test_what_is_granted(box: Toolbox) -> None:
    """All that is on and whose scope the account has, or those of them that are named."""
    plain = replace(ADA, scopes=("chat", "agent"))
    assert granted(box, plain, None) == [*_SHIPPED[:2], "greet-someone", _SHIPPED[2]]
    assert "close_shop" in granted(box, ADA, None)
    assert granted(box, plain, ["greet-someone", "calculator", "calculator"]) == [
        *("greet-someone", "calculator"),
    ]
    assert granted(box, plain, []) == []


@pytest.mark.parametrize(
    "name", ["close_shop", "fetch_url", "nothing", "", "Calculator", "a" * 999]
)
def test_what_is_denied(box: Toolbox, name: str) -> None:
    """A tool that is off, needs another scope, or is none: all the same to the caller."""
    with pytest.raises(BadInput) as caught:
        box.granted(replace(ADA, scopes=("agent",)), ["calculator", name])
    [said] = (caught.value.errors or {})["tools"]
    assert said.startswith(f"There is no tool {name[:80]!r} for you here. You may use: calculator")
    assert len(said) < 300


class Coming:
    """A source whose tools come and go."""

    name = "coming"

    def __init__(self, *tools: Tool) -> None:
        self.there = tools

    def start(self) -> None: ...

    def close(self) -> None: ...

    def trouble(self) -> str | None:
        return None if self.there else "It is away."

    def tools(self) -> tuple[Tool, ...]:
        return self.there


def test_tools_that_come_and_go() -> None:
    """A source's tools are granted while it has them, and never take another's name."""
    ours, theirs = made(greet), replace(made(close_shop), name="greet-someone")
    source = Coming(theirs, replace(theirs, name="other"))
    box = Toolbox([ours], [source])
    assert box.every() == (ours, replace(theirs, name="other"))
    assert box.troubles() == {"coming": None}
    source.there = ()
    assert box.every() == (ours,)
    assert box.troubles() == {"coming": "It is away."}
