"""LangChain's ChatOpenAI, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, SecretStr

from tests.clients.door import Door, now, opened, prompt


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("langchain")) as door:
        yield door


def model(door: Door, name: str, **more: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=name, base_url=f"{door.url}/v1", api_key=SecretStr(door.key), max_retries=0, **more
    )


class Weather(BaseModel):
    """The weather."""

    city: str
    days: int


@tool
def lookup(city: str, days: int) -> str:
    """Look up the weather."""
    return f"{city}: rain for {days} days"


def test_a_chat(door: Door) -> None:
    """A whole answer has its text and its tokens."""
    said = model(door, "openai/mock-3").invoke("Hello")
    assert said.content == "t0 t1 t2 "
    assert said.usage_metadata is not None
    assert said.usage_metadata["total_tokens"] == 15


def test_a_stream(door: Door) -> None:
    """Its pieces are the text."""
    pieces = [str(chunk.content) for chunk in model(door, "anthropic/mock-5").stream("Hello")]
    assert "".join(pieces) == "t0 t1 t2 t3 t4 "
    assert len(pieces) >= 5


def test_tools(door: Door) -> None:
    """A tool is called, its result goes back, and the model answers."""
    bound = model(door, "openai/tool-1").bind_tools([lookup])
    asked = HumanMessage("Hello")
    called = bound.invoke([asked])
    call = called.tool_calls[0]
    assert call["args"] == {"city": 'Kraków "0" 🙂', "days": 0}
    result = ToolMessage(lookup.invoke(call["args"]), tool_call_id=call["id"])
    said = model(door, "openai/mock-1").bind_tools([lookup]).invoke([asked, called, result])
    assert said.content == "t0 "
    assert "rain for 0 days" in str(door.upstream.requests[-1]["messages"])


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_structured_output(door: Door, method: Any) -> None:
    """Each of its ways gives an object of the caller's class."""
    door.upstream.saying = lambda _: '{"city": "Kraków", "days": 0}'
    door.upstream.calling = lambda _: '{"city": "Kraków", "days": 0}'
    name = "openai/tool-1" if method == "function_calling" else "openai/say-1"
    structured = model(door, name).with_structured_output(Weather, method=method)
    assert structured.invoke("Hello") == Weather(city="Kraków", days=0)
    door.upstream.calling = None


def test_leaving(door: Door) -> None:
    """To leave the loop closes the connection to the model at once."""
    stream = model(door, "openai/mock-10000-20000").stream("Hello")
    next(stream)
    door.until_open()
    left = now()
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert prompt(door.until_closed(left))


def test_errors(door: Door) -> None:
    """They are those of OpenAI's SDK."""
    with pytest.raises(openai.NotFoundError):
        model(door, "nobody/mock-1").invoke("Hello")
    with pytest.raises(openai.InternalServerError):
        list(model(door, "openai/status-503").stream("Hello"))
    with pytest.raises(openai.APIError):
        list(model(door, "openai/cut-3").stream("Hello"))


def test_embeddings(door: Door) -> None:
    """Vectors come for texts."""
    made = OpenAIEmbeddings(
        model="openai/vectors",
        base_url=f"{door.url}/v1",
        api_key=SecretStr(door.key),
        check_embedding_ctx_length=False,
        model_kwargs={"encoding_format": "float"},
    )
    assert made.embed_documents(["a", "bcd"]) == [[1, 0, 0.25], [3, 1, 0.25]]
