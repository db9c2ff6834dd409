"""What OpenAI's door refuses, and how: a 400 that names the parameter."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.blueprints.completing import CHAT, HELLO, RESPONSES, refused
from tests.blueprints.shared import against, application
from tests.upstream import Upstream

_SYSTEM = {"role": "system", "content": "a"}


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


def _user(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": list(parts)}]


def _function(**function: Any) -> list[Any]:
    return [{"type": "function", "function": function}]


_CHAT: list[tuple[str, dict[str, Any]]] = [
    ("messages", {"messages": None}),
    ("messages", {"messages": []}),
    ("messages", {"messages": "Hello"}),
    ("messages", {"messages": [_SYSTEM]}),
    ("messages[0].role", {"messages": [{}]}),
    ("messages[0].role", {"messages": ["Hello"]}),
    ("messages[0].role", {"messages": [{"role": "function", "content": "a"}]}),
    ("messages[1].role", {"messages": [*HELLO, _SYSTEM]}),
    ("messages[0].content", {"messages": [{"role": "user"}]}),
    ("messages[0].content", {"messages": [{"role": "user", "content": 1}]}),
    ("messages[0].colour", {"messages": [{**HELLO[0], "colour": "red"}]}),
    ("messages[0].content[0].type", {"messages": _user({"type": "input_audio"})}),
    ("messages[0].content[0].type", {"messages": _user("a")}),
    ("messages[0].content[0].text", {"messages": _user({"type": "text"})}),
    (
        "messages[0].content[0].image_url.url",
        {"messages": _user({"type": "image_url", "image_url": {"url": "http://example.com/a"}})},
    ),
    (
        "messages",
        {
            "messages": _user(
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
            )
        },
    ),
    ("messages[0].tool_call_id", {"messages": [{"role": "tool", "content": "a"}]}),
    (
        "messages[0].tool_calls[0].function.arguments",
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "b"}}],
                }
            ]
        },
    ),
    ("model", {"model": 1}),
    ("temperature", {"temperature": 3}),
    ("temperature", {"temperature": "hot"}),
    ("top_p", {"top_p": 1.5}),
    ("max_tokens", {"max_tokens": 0}),
    ("max_completion_tokens", {"max_completion_tokens": 1.5}),
    ("seed", {"seed": "a"}),
    ("seed", {"seed": 2**64}),
    ("stop", {"stop": [1]}),
    ("stop", {"stop": ["a", "b", "c", "d", "e"]}),
    ("stop", {"stop": ""}),
    ("stream", {"stream": "yes"}),
    ("stream_options.colour", {"stream_options": {"colour": 1}}),
    ("reasoning_effort", {"reasoning_effort": "xhigh"}),
    ("tools[0].type", {"tools": [{"type": "web_search"}]}),
    ("tools[0].function.name", {"tools": _function(name="a b")}),
    ("tools[0].function.parameters", {"tools": _function(name="a", parameters=[])}),
    ("tools[0].function.strict", {"tools": _function(name="a", strict="yes")}),
    ("tools", {"tools": _function(name="auto")}),
    ("tools", {"tools": [*_function(name="a"), *_function(name="a")]}),
    ("tools", {"tools": _function(name="a", strict=True, parameters={"type": 1})}),
    ("tool_choice", {"tool_choice": "any"}),
    ("tool_choice", {"tool_choice": "required"}),
    (
        "tool_choice",
        {
            "tools": _function(name="a"),
            "tool_choice": {"type": "function", "function": {"name": "b"}},
        },
    ),
    ("response_format.type", {"response_format": {"type": "xml"}}),
    (
        "response_format.json_schema.schema",
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}},
    ),
    (
        "response_format",
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "schema": {"$ref": "http://example.com/a.json"}},
            }
        },
    ),
    ("metadata.conversation_id", {"metadata": {"conversation_id": ""}}),
    ("n", {"n": 2}),
    ("n", {"n": True}),
    ("logprobs", {"logprobs": True}),
    ("top_logprobs", {"top_logprobs": 3}),
    ("logit_bias", {"logit_bias": {"1": 2}}),
    ("frequency_penalty", {"frequency_penalty": 1}),
    ("presence_penalty", {"presence_penalty": -1}),
    ("modalities", {"modalities": ["text", "audio"]}),
    ("audio", {"audio": {"voice": "alloy"}}),
    ("prediction", {"prediction": {"type": "content"}}),
    ("web_search_options", {"web_search_options": {}}),
    ("functions", {"functions": [{"name": "a"}]}),
    ("verbosity", {"verbosity": "low"}),
    ("message", {"message": "Hello"}),
]


@pytest.mark.parametrize(("param", "body"), _CHAT)
def test_a_chat(client: FlaskClient, upstream: Upstream, param: str, body: dict[str, Any]) -> None:
    """It is refused by name, and nobody is asked."""
    upstream.reset()
    asked = {"model": "openai/mock-1", "messages": HELLO, **body}
    answer = client.post(CHAT, json=asked, buffered=True)
    assert refused(answer, 400, "invalid_request", param)
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("param", "body"),
    [
        ("input", {"input": None}),
        ("input", {"input": []}),
        ("input[0].type", {"input": [{"type": "item_reference", "id": "a"}]}),
        ("input[0].role", {"input": [{"role": "tool", "content": "a"}]}),
        ("input[0].content[0].type", {"input": _user({"type": "input_file"})}),
        ("input[0].content[0].image_url", {"input": _user({"type": "input_image"})}),
        ("input[0].call_id", {"input": [{"type": "function_call_output", "output": "a"}]}),
        ("tools[0].type", {"tools": [{"type": "file_search"}]}),
        ("tools[0].name", {"tools": [{"type": "function"}]}),
        ("text.format.type", {"text": {"format": {"type": "grammar"}}}),
        (
            "text.format",
            {"text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": 1}}}},
        ),
        ("reasoning.effort", {"reasoning": {"effort": "none"}}),
        ("background", {"background": True}),
        ("previous_response_id", {"previous_response_id": "resp_1"}),
        ("conversation", {"conversation": "conv_1"}),
        ("prompt", {"prompt": {"id": "a"}}),
        ("truncation", {"truncation": "auto"}),
        ("max_tool_calls", {"max_tool_calls": 1}),
        ("messages", {"messages": HELLO}),
    ],
)
def test_a_response(client: FlaskClient, param: str, body: dict[str, Any]) -> None:
    """So it is with the responses API."""
    asked = {"model": "openai/mock-1", "input": "Hello", **body}
    refused(client.post(RESPONSES, json=asked, buffered=True), 400, "invalid_request", param)


@pytest.mark.parametrize("path", [CHAT, RESPONSES, "/v1/embeddings"])
def test_what_is_no_json(client: FlaskClient, path: str) -> None:
    """Bodies that cannot be read, and routes that are not there, are errors in OpenAI's shape."""
    broken = client.post(path, data="{", content_type="application/json", buffered=True)
    refused(broken, 400, "malformed_body")
    refused(client.post(path, data="{}", buffered=True), 415, "unsupported_media_type")
    refused(client.get(path, buffered=True), 405, "method_not_allowed")
    refused(client.get(f"{path}/nothing", buffered=True), 404, "unknown_url")


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["messages", "input", "tools", "tool_choice", "response_format", "text", "stop", "metadata"]
)


@given(
    path=st.sampled_from([CHAT, RESPONSES, "/v1/embeddings"]),
    base=st.booleans(),
    more=st.dictionaries(_NAMES, _json | st.just([{"role": "user", "content": []}])),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_any_json(client: FlaskClient, path: str, base: bool, more: dict[str, Any]) -> None:
    """Whatever is sent, it is answered or refused, and never a fault of ours."""
    known: dict[str, Any] = {"model": "demo/demo"}
    known |= {"messages": HELLO} if path == CHAT else {"input": "Hello"}
    answer = client.post(path, json={**(known if base else {}), **more}, buffered=True)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.get_json()["error"]["message"]
