"""What is posted, against the SDKs' own types of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import TypeAdapter

from app.messages import (
    ImagePart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    user,
)
from app.providers import chat_completions_body, messages_api_body
from app.providers.base import Effort, ModelRequest, Tool
from tests.properties import examples, texts

_OPENAI = TypeAdapter[Any](CompletionCreateParamsStreaming)
_ANTHROPIC = TypeAdapter[Any](MessageCreateParamsStreaming)

_said = texts.filter(lambda text: bool(text.strip()))
_ids = st.sampled_from(["call_1", "toolu_01A", "chatcmpl-tool-3"])
_names = st.sampled_from(["now", "weather"])
_arguments = st.sampled_from(["{}", '{"city":"Oslo"}', "[1]", '{"city":', ""])
_EFFORTS: tuple[Effort, ...] = ("minimal", "low", "medium", "high")
_media = st.sampled_from(["image/png", "image/jpeg", "image/gif", "image/webp"])

_asked = st.one_of(
    st.builds(TextPart, _said),
    st.builds(ImagePart, _media, st.just("aGVsbG8=")),
    st.builds(ToolResultPart, _ids, texts, st.booleans()),
)
_answered = st.one_of(
    st.builds(TextPart, _said),
    st.builds(ReasoningPart, texts, st.none() | st.just("c2lnbmVk"), st.booleans()),
    st.builds(ToolCallPart, _ids, _names, _arguments),
)
_tools = st.builds(
    Tool,
    name=_names,
    description=texts,
    parameters=st.just({"type": "object", "properties": {"city": {"type": "string"}}}),
    strict=st.booleans(),
)


def _message(role: str, part: st.SearchStrategy[Any]) -> st.SearchStrategy[Message]:
    parts = st.lists(part, min_size=1, max_size=4).map(tuple)
    return st.builds(Message, st.just(role), parts)


_requests = st.builds(
    ModelRequest,
    model=st.sampled_from(["gpt-5-mini", "claude-haiku-5-5", "claude-haiku-4-5-20251001"]),
    messages=st.lists(
        _message("user", _asked) | _message("assistant", _answered), min_size=1, max_size=5
    ).map(tuple),
    system=st.none() | _said,
    temperature=st.none() | st.just(0.5),
    max_output_tokens=st.none() | st.integers(1, 50_000),
    reasoning_effort=st.none() | st.sampled_from(_EFFORTS),
    tools=st.lists(_tools, max_size=2).map(tuple),
    tool_choice=st.sampled_from(["auto", "required", "none", "weather"]),
    parallel_tools=st.booleans(),
)


def openai(request: ModelRequest) -> dict[str, Any]:
    return chat_completions_body.body(request, limit_field="max_completion_tokens")


anthropic = messages_api_body.body


def _walked(value: Any) -> Any:
    """pydantic looks into an Iterable only when it is walked."""
    if isinstance(value, Mapping):
        return {name: _walked(inner) for name, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_walked(inner) for inner in value]
    return value


@examples(80)
@given(_requests)
def test_any_request_is_one_that_the_sdks_know(request: ModelRequest) -> None:
    """Both bodies are of the SDKs' types, and have no field that those would not send."""
    for types, body in ((_OPENAI, openai(request)), (_ANTHROPIC, anthropic(request))):
        assert _walked(types.validate_python(body)) == body
        assert msgspec.json.decode(msgspec.json.encode(body)) == body


@pytest.mark.parametrize(
    ("types", "body", "wrong"),
    [
        (_OPENAI, openai, {"tool_choise": "auto"}),
        (_OPENAI, openai, {"tools": [{"type": "function", "function": {"nam": "now"}}]}),
        (_ANTHROPIC, anthropic, {"temperature": 0.5}),
        (_ANTHROPIC, anthropic, {"messages": [{"role": "tool", "content": "x"}]}),
    ],
)
def test_the_types_are_not_blind(types: TypeAdapter[Any], body: Any, wrong: dict[str, Any]) -> None:
    """A field of another name, or at another place, is seen."""
    amiss = {**body(ModelRequest(model="x", messages=(user("hi"),))), **wrong}
    try:
        known = _walked(types.validate_python(amiss))
    except ValueError:
        return
    assert known != amiss


def test_plain_text_stays_plain() -> None:
    """Every server takes a string, so text alone is one, byte for byte as it has always been."""
    said = (user("one"), assistant("two", "a thought"), user("three"))
    request = ModelRequest(model="m", messages=said, system="be kind", max_output_tokens=9)
    flat = (
        b'{"role":"user","content":"one"},{"role":"assistant","content":"two"},'
        b'{"role":"user","content":"three"}]'
    )
    assert msgspec.json.encode(openai(request)) == (
        b'{"model":"m","messages":[{"role":"system","content":"be kind"},'
        + flat
        + b',"stream":true,'
        b'"stream_options":{"include_usage":true},"max_completion_tokens":9}'
    )
    assert msgspec.json.encode(anthropic(request)) == (
        b'{"model":"m","max_tokens":9,"messages":[' + flat + b',"stream":true,"system":"be kind"}'
    )


_HISTORY = (
    Message("user", (TextPart("What is this?"), ImagePart("image/png", "aGk="))),
    Message(
        "assistant",
        (
            ReasoningPart("Hm.", "c2ln"),
            ReasoningPart("", "b3BhcXVl", redacted=True),
            TextPart("I look."),
            ToolCallPart("a", "look", '{"at":1}'),
            ToolCallPart("b", "look", "oops"),
        ),
    ),
    Message(
        "user",
        (
            TextPart("And?"),
            ToolResultPart("a", "A cat."),
            ToolResultPart("b", "Bad.", is_error=True),
        ),
    ),
)


def test_calls_results_and_images_for_openai() -> None:
    """A result is a message of its own, right after the calls; an image is a data URL."""
    calls = [
        {"id": i, "type": "function", "function": {"name": "look", "arguments": text}}
        for i, text in (("a", '{"at":1}'), ("b", "oops"))
    ]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    assert openai(ModelRequest(model="m", messages=_HISTORY))["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]},
        {"role": "assistant", "content": "I look.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "a", "content": "A cat."},
        {"role": "tool", "tool_call_id": "b", "content": "Bad."},
        {"role": "user", "content": "And?"},
    ]


def test_calls_results_and_images_for_anthropic() -> None:
    """Results come first in their message; thinking goes back if signed; input is an object."""
    source = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    result = {"type": "tool_result", "tool_use_id": "b", "content": "Bad.", "is_error": True}
    use = {"type": "tool_use", "name": "look"}
    assert [
        m["content"] for m in anthropic(ModelRequest(model="m", messages=_HISTORY))["messages"]
    ] == [
        [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}],
        [
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "b3BhcXVl"},
            {"type": "text", "text": "I look."},
            {**use, "id": "a", "input": {"at": 1}},
            {**use, "id": "b", "input": {"INVALID_JSON": "oops"}},
        ],
        [
            {"type": "tool_result", "tool_use_id": "a", "content": "A cat."},
            result,
            {"type": "text", "text": "And?"},
        ],
    ]


def test_messages_without_text_for_openai() -> None:
    """Null stands beside calls; results need no message after them; nothing said is still said."""
    said = (
        user(""),
        Message("assistant", (ToolCallPart("a", "look", "{}"),)),
        Message("user", (ToolResultPart("a", "A cat."),)),
    )
    sent = openai(ModelRequest(model="m", messages=said))["messages"]
    assert [(m["role"], m["content"]) for m in sent] == [
        ("user", ""),
        ("assistant", None),
        ("tool", "A cat."),
    ]


def test_blank_text_is_left_out() -> None:
    """Vendors refuse a piece of nothing but space, which may stand beside an image."""
    said = Message("user", (TextPart(" \n"), ImagePart("image/png", "aGk=")))
    request = ModelRequest(model="m", messages=(said,))
    for body in (openai(request), anthropic(request)):
        assert len(body["messages"][0]["content"]) == 1


_LOOK = Tool(name="look", description="Looks.", parameters={"type": "object"}, strict=True)


@pytest.mark.parametrize(
    ("choice", "parallel", "for_openai", "for_anthropic"),
    [
        ("auto", True, None, None),
        ("auto", False, None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", True, "required", {"type": "any"}),
        ("required", False, "required", {"type": "any", "disable_parallel_tool_use": True}),
        ("none", False, "none", {"type": "none"}),
        (
            "look",
            True,
            {"type": "function", "function": {"name": "look"}},
            {"type": "tool", "name": "look"},
        ),
        (
            "look",
            False,
            {"type": "function", "function": {"name": "look"}},
            {"type": "tool", "name": "look", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_choices(choice: str, parallel: bool, for_openai: Any, for_anthropic: Any) -> None:
    """Each way to leave, ask for or force a call, one at a time or many, in each vendor's words."""
    request = ModelRequest(
        model="m",
        messages=(user("hi"),),
        tools=(_LOOK,),
        tool_choice=choice,
        parallel_tools=parallel,
    )
    described = {"name": "look", "description": "Looks."}
    schema = {"type": "object"}
    body = openai(request)
    function = {**described, "parameters": schema, "strict": True}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert body.get("tool_choice") == for_openai
    assert body.get("parallel_tool_calls") == (None if parallel else False)
    body = anthropic(request)
    assert body["tools"] == [{**described, "input_schema": schema, "strict": True}]
    assert body.get("tool_choice") == for_anthropic


@pytest.mark.parametrize("choice", ["auto", "look"])
@pytest.mark.parametrize("effort", _EFFORTS)
def test_effort(effort: Effort, choice: str) -> None:
    """OpenAI gets the word, Anthropic one that it knows, and thinks unless a call is forced."""
    request = ModelRequest(
        model="claude-sonnet-5-5",
        messages=(user("hi"),),
        reasoning_effort=effort,
        tools=(_LOOK,),
        tool_choice=choice,
    )
    assert openai(request)["reasoning_effort"] == effort
    body = anthropic(request)
    assert body["output_config"] == {"effort": "low" if effort == "minimal" else effort}
    thinking = {"type": "adaptive", "display": "summarized"}
    assert body.get("thinking") == (thinking if choice == "auto" else None)


@pytest.mark.parametrize(
    ("model", "budgeted"),
    [
        ("claude-3-7-sonnet-20250219", True),
        ("claude-opus-4-20250514", True),
        ("claude-opus-4-1-20250805", True),
        ("claude-haiku-4-5", True),
        ("claude-haiku-4-5-20251001", True),
        ("claude-sonnet-4-6", False),
        ("claude-opus-4-8", False),
        ("claude-haiku-5-5", False),
        ("claude-mythos-preview", False),
        ("qwen3:8b", False),
    ],
)
def test_who_gets_a_budget(model: str, budgeted: bool) -> None:
    """Up to version 4.5 models are told how many tokens to think for, later ones how hard."""
    body = anthropic(ModelRequest(model=model, messages=(user("hi"),), reasoning_effort="high"))
    assert body["thinking"]["type"] == ("enabled" if budgeted else "adaptive")
    assert ("output_config" in body) is not budgeted


@pytest.mark.parametrize("limit", [None, 500, 1024, 1025, 20_000])
def test_budgets(limit: int | None) -> None:
    """They grow with the effort and leave room for the answer; where there is none, no thinking."""
    bodies = [
        anthropic(
            ModelRequest(
                model="claude-haiku-4-5",
                messages=(user("hi"),),
                reasoning_effort=effort,
                max_output_tokens=limit,
            )
        )
        for effort in _EFFORTS
    ]
    budgets = [body["thinking"]["budget_tokens"] for body in bodies if "thinking" in body]
    assert budgets == sorted(budgets)
    assert all(1024 <= budget < bodies[0]["max_tokens"] for budget in budgets)
    assert bool(budgets) is (limit not in (500, 1024))


def test_nothing_is_sent_that_nobody_asked_for() -> None:
    """Without tools and effort there is no word of them, whatever the choice says."""
    request = ModelRequest(
        model="m", messages=(user("hi"),), tool_choice="required", parallel_tools=False
    )
    assert set(openai(request)) == {"model", "messages", "stream", "stream_options"}
    assert set(anthropic(request)) == {"model", "max_tokens", "messages", "stream"}
