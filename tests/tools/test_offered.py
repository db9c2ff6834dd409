"""What a server lists, whatever that is, made into tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tool_servers import ToolServer
from app.tools.servers.offered import tools
from app.tools.tool import NAME, BadArguments
from tests.properties import any_texts, examples
from tests.tools.scenes import scene

_SERVER = ToolServer("files", "https://tools.test/mcp")
_OBJECT: dict[str, Any] = {"type": "object"}


@dataclass
class Listed:
    """As the SDK has it."""

    name: str
    description: str | None = None
    input_schema: dict[str, Any] = None  # type: ignore[assignment]
    annotations: Any = None

    def __post_init__(self) -> None:
        self.input_schema = _OBJECT if self.input_schema is None else self.input_schema


def made(*listed: Listed) -> Any:
    return tools(_SERVER, listed, lambda name, arguments, _: f"{name} {arguments}", 60)


@examples(200)
@given(st.lists(any_texts | st.text("a. ", max_size=100), max_size=8, unique=True))
def test_names(names: list[str]) -> None:
    """Every one is as vendors take it, begins with the server's, and leads to the server's own."""
    found = made(*map(Listed, names))
    assert len({tool.name for tool in found}) == len(found) == len(names)
    assert all(NAME.match(tool.name) and tool.name.startswith("files_") for tool in found)
    assert {tool.call({}, scene()) for tool in found} == {f"{name} {{}}" for name in names}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"type": "object", "properties": 5},
        {"type": "object", "properties": {"a": {"$ref": "https://a.test/schema"}}},
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}},
        {"type": "object", "description": "x" * 40_000},
        {"$schema": "https://a.test/draft", "type": "object"},
    ],
)
def test_a_schema_that_cannot_be_used(schema: dict[str, Any]) -> None:
    """Its tool is left out, and the others are there."""
    found = made(Listed("bad", input_schema=schema), Listed("good"))
    assert [tool.name for tool in found] == ["files_good"]


def test_arguments() -> None:
    """They are held to the schema, whatever else is in it."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"at": {"$ref": "#/definitions/at"}},
        "definitions": {"at": {"type": "array", "items": {"type": "integer"}, "minItems": 1}},
    }
    [tool] = made(Listed("look", input_schema=schema))
    assert tool.load('{"at": [1, 2], "more": true}') == {"at": [1, 2], "more": True}
    with pytest.raises(BadArguments) as caught:
        tool.load('{"at": [1, "2"]}')
    assert caught.value.sentences == ('at.1: It must be of type "integer".',)
