"""Anthropic's door: what reaches the model, what comes back, and every refusal in its shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.shared import against, application
from tests.blueprints.talk import eventually, messages
from tests.properties import examples
from tests.upstream import Upstream

pytestmark = pytest.mark.usefixtures("within_a_minute")

MESSAGES, COUNT = "/v1/messages", "/v1/messages/count_tokens"
HELLO: list[Any] = [{"role": "user", "content": "Hello"}]
TOOL = {"name": "lookup", "description": "d", "input_schema": {"type": "object"}}
_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Flask]:
    with application(
        tmp_path_factory.mktemp("anthropic"), admin_key=ADMIN, **against(upstream)
    ) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, path: str = MESSAGES, **body: Any) -> TestResponse:
    asked = {"model": "openai/mock-3", "max_tokens": 100, "messages": HELLO, **body}
    if path == COUNT:
        del asked["max_tokens"]
    return client.post(path, json=asked, buffered=True)


def answered(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = post(client, **body)
    assert answer.status_code == 200, answer.text[:300]
    said: dict[str, Any] = answer.get_json()
    return said


def refused(answer: TestResponse, status: int, kind: str) -> str:
    """The answer is an error in Anthropic's shape, and nothing besides. Its sentence."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.content_type == "application/json"
    said = answer.get_json()
    assert set(said) == {"type", "error", "request_id"}
    assert (said["type"], said["error"]["type"]) == ("error", kind)
    assert said["request_id"] == answer.headers["request-id"] == answer.headers["X-Request-ID"]
    return str(said["error"]["message"])


def test_an_answer(client: FlaskClient) -> None:
    """It has the members that clients look for, and the request's id in its header."""
    answer = post(client)
    said = answer.get_json()
    assert said["content"] == [{"type": "text", "text": "t0 t1 t2 "}]
    assert (said["type"], said["role"], said["model"]) == ("message", "assistant", "openai/mock-3")
    assert (said["stop_reason"], said["stop_sequence"]) == ("end_turn", None)
    assert said["id"].startswith("msg_")
    assert answer.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("openai/length-3", "max_tokens"),
        ("openai/filtered-3", "refusal"),
        ("openai/tool-1", "tool_use"),
        ("anthropic/length-3", "max_tokens"),
        ("anthropic/tool-1", "tool_use"),
    ],
)
def test_why_it_ended(client: FlaskClient, model: str, reason: str) -> None:
    """Each ending has Anthropic's word for it, whoever the provider is."""
    assert answered(client, model=model, tools=[TOOL])["stop_reason"] == reason


def test_what_reaches_another_vendor(client: FlaskClient, upstream: Upstream) -> None:
    """System, history, calls with their results and settings arrive in OpenAI's words."""
    upstream.reset()
    answered(
        client,
        system=[{"type": "text", "text": "Be", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "brief."}],
        temperature=0.5,
        top_p=0.9,
        stop_sequences=["END"],
        metadata={"user_id": "u"},
        tools=[TOOL],
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""},
                {"type": "tool_use", "id": "c1", "name": "lookup", "input": {"city": "Kraków"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [
                    {"type": "text", "text": "rain"}]},
                {"type": "text", "text": "And?"}]},
        ],
    )  # fmt: skip
    (sent,) = upstream.requests
    assert sent["messages"][0] == {"role": "system", "content": "Be\n\nbrief."}
    assert [m["role"] for m in sent["messages"]] == ["system", "user", "assistant", "tool", "user"]
    called = sent["messages"][2]["tool_calls"][0]["function"]
    assert json.loads(called["arguments"]) == {"city": "Kraków"}
    assert (sent["messages"][3]["tool_call_id"], sent["messages"][3]["content"]) == ("c1", "rain")
    assert (sent["temperature"], sent["top_p"], sent["stop"]) == (0.5, 0.9, ["END"])
    assert (sent["tool_choice"], sent["parallel_tool_calls"]) == ("required", False)
    assert sent["max_completion_tokens"] == 100


def test_thinking_goes_there_and_back(client: FlaskClient, upstream: Upstream) -> None:
    """A thought comes with its vendor's signature, and with it goes back to the same vendor."""
    upstream.reset()
    thinking = {"type": "enabled", "budget_tokens": 1024}
    said = answered(client, model="anthropic/reasoning-3", max_tokens=4096, thinking=thinking)
    thought = said["content"][0]
    assert thought == {"type": "thinking", "thinking": "r0 r1 r2 ", "signature": "c2lnbmVk"}
    told = [*HELLO, {"role": "assistant", "content": said["content"]}, *HELLO]
    answered(client, model="anthropic/mock-1", messages=told)
    assert upstream.requests[1]["messages"][1]["content"][0] == thought


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"type": "auto"}, None),
        ({"type": "none"}, {"type": "none"}),
        ({"type": "any"}, {"type": "any"}),
        ({"type": "tool", "name": "lookup"}, {"type": "tool", "name": "lookup"}),
    ],
)
def test_a_choice_of_tools(
    client: FlaskClient, upstream: Upstream, choice: dict[str, Any], sent: dict[str, Any] | None
) -> None:
    """What may be called reaches Anthropic as it was said."""
    upstream.reset()
    answered(client, model="anthropic/mock-1", tools=[TOOL], tool_choice=choice)
    assert upstream.requests[0].get("tool_choice") == sent


def test_an_image(client: FlaskClient, upstream: Upstream) -> None:
    """A picture in base64 reaches the model as the same bytes."""
    upstream.reset()
    source = {"type": "base64", "media_type": "image/png", "data": _PIXEL}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    answered(client, model="anthropic/mock-1", messages=[{"role": "user", "content": content}])
    block = upstream.requests[0]["messages"][0]["content"][0]
    assert base64.b64decode(block["source"]["data"]) == base64.b64decode(_PIXEL)


def test_a_form_for_the_answer(client: FlaskClient, upstream: Upstream) -> None:
    """An answer that does not fit the schema is not called one."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    wanted = {"format": {"type": "json_schema", "schema": schema}}
    upstream.saying = lambda _: '{"n": 3}'
    said = answered(client, model="openai/say-1", output_config=wanted)
    assert json.loads(said["content"][0]["text"]) == {"n": 3}
    upstream.saying = lambda _: '{"n": "three"}'
    answer = post(client, model="openai/say-1", output_config=wanted)
    assert answer.get_json()["type"] == "error"


def test_a_conversation_that_is_kept(client: FlaskClient) -> None:
    """With its id the message is the next of a conversation here, and is stored with its answer."""
    kept = client.post("/api/chat", json={"message": "One"}, buffered=True).get_json()
    said = answered(client, metadata={"conversation_id": kept["conversation_id"]})
    assert said["content"][0]["text"] == "t0 t1 t2 "
    stored = messages(client, kept["conversation_id"])
    assert [m["role"] for m in stored] == ["user", "assistant"] * 2


def test_nothing_else_is_kept(client: FlaskClient) -> None:
    """Without one no conversation comes of it."""
    before = len(client.get("/api/conversations").get_json()["conversations"])
    answered(client)
    assert len(client.get("/api/conversations").get_json()["conversations"]) == before


@pytest.mark.parametrize("model", ["demo/demo", "openai/mock-1"])
def test_counting(client: FlaskClient, model: str) -> None:
    """A longer request counts more, and nothing is asked of a model that cannot count."""
    short = post(client, COUNT, model=model).get_json()
    long = post(client, COUNT, model=model, system="word " * 100, tools=[TOOL]).get_json()
    assert set(short) == {"input_tokens"}
    assert 0 < short["input_tokens"] < long["input_tokens"] - 100


def test_counting_by_the_vendor(client: FlaskClient, upstream: Upstream) -> None:
    """Where the provider counts, its figure is the answer."""
    upstream.counted = 4711
    said = post(client, COUNT, model="anthropic/mock-1").get_json()
    upstream.counted = None
    assert said == {"input_tokens": 4711}


def _user(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


_BAD: list[tuple[str, dict[str, Any]]] = [
    ("messages", {"messages": None}),
    ("messages", {"messages": []}),
    ("messages", {"messages": "Hello"}),
    ("messages[0]", {"messages": ["Hello"]}),
    ("messages[0].role", {"messages": [{"role": "system", "content": "a"}]}),
    ("messages[0].content", {"messages": [{"role": "user"}]}),
    ("messages[0].content", {"messages": [{"role": "user", "content": 1}]}),
    ("messages[0].colour", {"messages": [{**HELLO[0], "colour": "red"}]}),
    ("messages[1].role", {"messages": [*HELLO, {"role": "assistant", "content": "So"}]}),
    ("messages[0].content[0].type", _user({"type": "document"})),
    ("messages[0].content[0].type", _user({"type": "tool_use", "id": "a", "name": "b"})),
    ("messages[0].content[0].type", _user("a")),
    ("messages[0].content[0].type", _user({"type": ["text"]})),
    ("messages[0].content[0].text", _user({"type": "text"})),
    ("messages[0].content[0].source.type", _user({"type": "image", "source": {"type": "file"}})),
    ("messages[0].content[0].source", _user({"type": "image", "source": {
        "type": "url", "url": "http://example.com/a"}})),
    ("messages[0].content[0].content[0].type", _user({"type": "tool_result", "tool_use_id": "a",
        "content": [{"type": "image"}]})),
    ("messages[0].content[0].is_error", _user({"type": "tool_result", "tool_use_id": "a",
        "is_error": 1})),
    ("max_tokens", {"max_tokens": None}),
    ("max_tokens", {"max_tokens": 0}),
    ("max_tokens", {"max_tokens": "10"}),
    ("temperature", {"temperature": 1.5}),
    ("top_k", {"top_k": 5}),
    ("stream", {"stream": "yes"}),
    ("stop_sequences[0]", {"stop_sequences": [""]}),
    ("stop_sequences", {"stop_sequences": "END"}),
    ("system[0].type", {"system": [{"type": "image"}]}),
    ("tools[0].type", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
    ("tools[0].input_schema", {"tools": [{"name": "a"}]}),
    ("tools[0].name", {"tools": [{**TOOL, "name": "a b"}]}),
    ("tools[0].defer_loading", {"tools": [{**TOOL, "defer_loading": True}]}),
    ("tools", {"tools": [TOOL, TOOL]}),
    ("tool_choice.type", {"tool_choice": {"type": "some"}}),
    ("tool_choice", {"tool_choice": {"type": "tool", "name": "x"}, "tools": [TOOL]}),
    ("thinking.type", {"thinking": {"type": "sometimes"}}),
    ("thinking.budget_tokens", {"thinking": {"type": "enabled", "budget_tokens": 100}}),
    ("output_config.effort", {"output_config": {"effort": "huge"}}),
    ("output_config.format.type", {"output_config": {"format": {"type": "xml"}}}),
    ("container", {"container": "c"}),
    ("mcp_servers", {"mcp_servers": [{"type": "url"}]}),
    ("context_management", {"context_management": {"edits": []}}),
    ("metadata.x", {"metadata": {"x": 1}}),
    ("colour", {"colour": "red"}),
]  # fmt: skip


@pytest.mark.parametrize(("place", "change"), _BAD, ids=[place for place, _ in _BAD])
def test_what_is_refused_is_named(
    client: FlaskClient, upstream: Upstream, place: str, change: dict[str, Any]
) -> None:
    """A value that is wrong or not supported is a 400 that says which, and asks nobody."""
    upstream.reset()
    said = refused(post(client, **change), 400, "invalid_request_error")
    assert said.startswith(f"{place}: ") or f"`{place}`" in said or place in said
    assert upstream.requests == []


@pytest.mark.parametrize(
    "taken",
    [
        {"metadata": {"user_id": "x"}, "service_tier": "auto"},
        {"cache_control": {"type": "ephemeral"}, "container": None, "speed": "standard"},
        {"system": None, "tools": None, "thinking": {"type": "disabled"}, "stop_sequences": None},
        {"tools": [{**TOOL, "type": "custom", "eager_input_streaming": True}]},
    ],
    ids=str,
)
def test_what_changes_nothing_is_taken(client: FlaskClient, taken: dict[str, Any]) -> None:
    """Fields that clients send along do no harm."""
    assert answered(client, **taken)["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [
        ("nobody/x", 404, "not_found_error"),
        ("openai/status-404", 404, "not_found_error"),
        ("openai/status-401", 502, "api_error"),
        ("openai/status-429", 503, "overloaded_error"),
        ("openai/status-503", 529, "overloaded_error"),
        ("openai/cut-0", 502, "api_error"),
        ("openai/silent-0", 504, "timeout_error"),
        ("openai/overlong", 400, "invalid_request_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_fails(
    client: FlaskClient, model: str, status: int, kind: str, stream: bool
) -> None:
    """Before the first word it is a status that SDKs know, streamed or not."""
    refused(post(client, model=model, stream=stream), status, kind)


def test_a_body_that_is_none(client: FlaskClient) -> None:
    """Broken JSON, another media type and a body too large are told in the same shape."""
    broken = client.post(MESSAGES, data=b"{", content_type="application/json", buffered=True)
    refused(broken, 400, "invalid_request_error")
    other = client.post(MESSAGES, data=b"x", content_type="text/plain", buffered=True)
    refused(other, 400, "invalid_request_error")
    large = post(client, messages=[{"role": "user", "content": "x" * 1_100_000}])
    refused(large, 413, "request_too_large")


def test_the_key_by_its_other_name(app: Flask, client: FlaskClient) -> None:
    """x-api-key is a key like any other: right it opens, wrong it is a 401, and limits hold."""
    key = issued(client, owner="ada", limits={"requests_per_minute": 1})["key"]
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    body = {"model": "openai/mock-1", "max_tokens": 5, "messages": HELLO}
    assert client.post(MESSAGES, json=body, headers=headers, buffered=True).status_code == 200
    limited = client.post(MESSAGES, json=body, headers=headers, buffered=True)
    refused(limited, 429, "rate_limit_error")
    assert int(limited.headers["Retry-After"]) > 0
    wrong = client.post(
        MESSAGES, json=body, headers={"x-api-key": "parley_" + "x" * 43}, buffered=True
    )
    refused(wrong, 401, "authentication_error")


def test_what_a_key_may_not(client: FlaskClient) -> None:
    """A model that is not allowed is a 403, and a budget that is spent a 402."""
    body = {"model": "openai/mock-1", "max_tokens": 5, "messages": HELLO}
    narrow = issued(client, models=["anthropic/*"])["key"]
    answer = client.post(MESSAGES, json=body, headers=bearer(narrow), buffered=True)
    refused(answer, 403, "permission_error")
    poor = issued(client, budgets={"day": "0.000001"})["key"]
    body["model"] = "openai/gpt-4o"
    answer = client.post(MESSAGES, json=body, headers=bearer(poor), buffered=True)
    refused(answer, 402, "billing_error")


def test_leaving_ends_it(app: Flask, upstream: Upstream) -> None:
    """When the stream is closed by its reader, nobody writes on."""
    body = {"model": "openai/mock-1000-20000", "max_tokens": 5, "stream": True, "messages": HELLO}
    answer = app.test_client().post(MESSAGES, json=body)
    next(iter(answer.response))
    assert upstream.open == 1
    answer.close()
    eventually(lambda: upstream.open == 0)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_NAMES = ["messages", "system", "tools", "tool_choice", "thinking", "output_config", "max_tokens",
          "stop_sequences", "metadata", "stream", "temperature", "top_p"]  # fmt: skip


@examples(150)
@given(
    st.dictionaries(st.sampled_from(_NAMES), _json, max_size=3), st.sampled_from([MESSAGES, COUNT])
)
def test_no_body_breaks_it(client: FlaskClient, change: dict[str, Any], path: str) -> None:
    """Whatever stands in the fields, the answer is an answer or an error of the caller's."""
    answer = client.post(
        path,
        json={"model": "demo/demo", "max_tokens": 9, "messages": HELLO, **change},
        buffered=True,
    )
    assert answer.status_code in (200, 400), answer.text[:300]
    if answer.status_code == 400:
        refused(answer, 400, "invalid_request_error")
