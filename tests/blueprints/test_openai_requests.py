"""What of an OpenAI client's request reaches the model, whoever that is."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.blueprints.completing import HELLO, RESPONSES, completed
from tests.blueprints.shared import against, application
from tests.upstream import Upstream

_PNG = "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n and the rest").decode()
_SCHEMA = {
    "type": "object",
    "properties": {"days": {"type": "integer"}},
    "required": ["days"],
    "additionalProperties": False,
}
_FUNCTION = {"name": "lookup", "description": "Looks it up.", "parameters": _SCHEMA}
_TOOL = {"type": "function", "function": _FUNCTION}
_CALL = {"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": '{"days":1}'}}


@pytest.fixture(scope="module")
def upstream() -> Any:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Any:
    with application(tmp_path_factory.mktemp("openai"), **against(upstream)) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def sent(client: FlaskClient, upstream: Upstream, provider: str, **body: Any) -> dict[str, Any]:
    """What the model's server was posted."""
    upstream.saying = lambda _: '{"days": 1}'
    completed(client, model=f"{provider}/say-1", **body)
    return upstream.requests[-1]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_settings(client: FlaskClient, upstream: Upstream, provider: str) -> None:
    """Those that the vendor has, under its names; seed and temperature Anthropic has not."""
    body = sent(
        client, upstream, provider,
        stop=["END", "STOP"], seed=7, top_p=0.5, temperature=0.3, max_completion_tokens=77,
    )  # fmt: skip
    theirs = {
        "openai": {
            "stop": ["END", "STOP"],
            "seed": 7,
            "top_p": 0.5,
            "temperature": 0.3,
            "max_completion_tokens": 77,
        },
        "anthropic": {"stop_sequences": ["END", "STOP"], "max_tokens": 77},
    }
    known = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in known} == theirs[provider]


def test_one_stop_and_the_old_limit(client: FlaskClient, upstream: Upstream) -> None:
    """A text alone is a list of one; `max_tokens` is the older name."""
    body = sent(client, upstream, "openai", stop="END", max_tokens=5)
    assert (body["stop"], body["max_completion_tokens"]) == (["END"], 5)


def test_orders_come_first(client: FlaskClient, upstream: Upstream) -> None:
    """`system` and `developer` are one system prompt, whatever the vendor calls it."""
    orders = [
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
    ]
    body = sent(client, upstream, "openai", messages=[*orders, *HELLO])
    assert body["messages"] == [
        {"role": "system", "content": "Be kind.\n\nBe brief."},
        {"role": "user", "content": "Hello"},
    ]
    body = sent(client, upstream, "anthropic", messages=[*orders, *HELLO])
    assert "Be kind.\n\nBe brief." in str(body["system"])
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_tools_and_what_they_gave(client: FlaskClient, upstream: Upstream) -> None:
    """Calls stand in the answer before, and results of calls made at once are together."""
    history = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [_CALL, {**_CALL, "id": "c2"}]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "sun"}]},
    ]
    asked = {"messages": history, "tools": [_TOOL], "parallel_tool_calls": False}
    body = sent(client, upstream, "openai", **asked)
    assert [message["role"] for message in body["messages"]] == [
        "user",
        "assistant",
        "tool",
        "tool",
    ]
    assert body["messages"][1]["tool_calls"][0] == _CALL
    assert body["tools"] == [_TOOL]
    assert body["parallel_tool_calls"] is False
    body = sent(client, upstream, "anthropic", **asked)
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    results = body["messages"][2]["content"]
    assert [(block["tool_use_id"], block["content"]) for block in results] == [
        ("c1", "rain"),
        ("c2", "sun"),
    ]


@pytest.mark.parametrize(
    ("choice", "openai", "anthropic"),
    [
        ("auto", None, None),
        ("none", "none", {"type": "none"}),
        ("required", "required", {"type": "any"}),
        (
            {"type": "function", "function": {"name": "lookup"}},
            {"type": "function", "function": {"name": "lookup"}},
            {"type": "tool", "name": "lookup"},
        ),
    ],
)
def test_the_choice(
    client: FlaskClient, upstream: Upstream, choice: Any, openai: Any, anthropic: Any
) -> None:
    """It is said in the vendor's words."""
    asked = {"tools": [_TOOL], "tool_choice": choice}
    assert sent(client, upstream, "openai", **asked).get("tool_choice") == openai
    assert sent(client, upstream, "anthropic", **asked).get("tool_choice") == anthropic


def test_images(client: FlaskClient, upstream: Upstream) -> None:
    """They stay between the texts that they came with."""
    parts = [
        {"type": "text", "text": "this"},
        {"type": "image_url", "image_url": {"url": _PNG, "detail": "low"}},
        {"type": "text", "text": "or that"},
    ]
    body = sent(client, upstream, "openai", messages=[{"role": "user", "content": parts}])
    content = body["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image_url", "text"]
    assert content[1]["image_url"]["url"] == _PNG
    body = sent(client, upstream, "anthropic", messages=[{"role": "user", "content": parts}])
    assert [part["type"] for part in body["messages"][0]["content"]] == ["text", "image", "text"]


def test_the_form_of_an_answer(client: FlaskClient, upstream: Upstream) -> None:
    """OpenAI gets it as it is; Anthropic in words, and as a format where it can be held to it."""
    form = {"name": "weather", "schema": _SCHEMA, "strict": True}
    asked = {"response_format": {"type": "json_schema", "json_schema": form}}
    body = sent(client, upstream, "openai", **asked)
    assert body["response_format"] == {"type": "json_schema", "json_schema": form}
    assert [message["role"] for message in body["messages"]] == ["user"]
    body = sent(client, upstream, "anthropic", **asked)
    assert body["output_config"]["format"] == {"type": "json_schema", "schema": _SCHEMA}
    assert '"days"' in str(body["system"])
    loose = {**form, "schema": {**_SCHEMA, "minProperties": 1}}
    asked = {"response_format": {"type": "json_schema", "json_schema": loose}}
    body = sent(client, upstream, "anthropic", **asked)
    assert "output_config" not in body
    assert "minProperties" in str(body["system"])


def test_effort(client: FlaskClient, upstream: Upstream) -> None:
    """It is passed on."""
    assert sent(client, upstream, "openai", reasoning_effort="low")["reasoning_effort"] == "low"


def test_what_changes_nothing(client: FlaskClient, upstream: Upstream) -> None:
    """What clients send besides, and what is the default anyway, does no harm and goes nowhere."""
    harmless = {
        "user": "ada",
        "store": False,
        "service_tier": "auto",
        "n": 1,
        "logprobs": False,
        "top_logprobs": None,
        "frequency_penalty": 0,
        "presence_penalty": 0.0,
        "logit_bias": {},
        "modalities": ["text"],
        "prompt_cache_key": "a",
        "safety_identifier": "b",
        "metadata": {"trace": "1"},
        "stream_options": {"include_usage": True},
        "verbosity": None,
    }
    plain = sent(client, upstream, "openai")
    assert sent(client, upstream, "openai", **harmless) == plain


def test_a_response_says_the_same(client: FlaskClient, upstream: Upstream) -> None:
    """The responses API's input becomes the same messages."""
    history = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "input_text", "text": "this"},
            {"type": "input_image", "image_url": _PNG, "detail": "auto"},
        ]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
         "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
        {"type": "function_call", "call_id": "c1", "name": "lookup", "arguments": '{"days":1}'},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
    ]  # fmt: skip
    answer = client.post(
        RESPONSES,
        json={
            "model": "openai/mock-1",
            "input": history,
            "instructions": "Be kind.",
            "tools": [{"type": "function", **_FUNCTION}],
            "max_output_tokens": 9,
            "reasoning": {"effort": "low", "summary": "auto"},
        },
        buffered=True,
    )
    assert answer.status_code == 200, answer.text
    body = upstream.requests[-1]
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "tool"]
    assert body["messages"][0]["content"] == "Be kind.\n\nBe brief."
    assert body["messages"][2]["content"] == "I look."
    assert body["messages"][2]["tool_calls"] == [_CALL]
    assert body["tools"] == [_TOOL]
    assert body["max_completion_tokens"] == 9
