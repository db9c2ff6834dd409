"""Events as frames, read back by two clients."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.encoders.native import encode
from app.errors import ExtractionFailed, ParleyError, RateLimited
from app.events import (
    AgentStep,
    Approval,
    Began,
    Called,
    Done,
    Event,
    Failure,
    Parked,
    Partial,
    ReasoningDelta,
    Start,
    Step,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
    UsageReport,
)
from tests.encoders.clients import ours, theirs
from tests.properties import any_texts, cut, examples

_START = Start(
    run_id="run_1",
    conversation_id="conv_1",
    message_id="msg_2",
    user_message_id="msg_1",
    parent_id=None,
    model="demo/demo",
)
_USAGE = Usage(12, 4, 0, 7, 2)
_LIMITED = RateLimited("openai is limiting requests.", provider="openai", retry_after=7)


@examples(120)
@given(st.lists(any_texts, max_size=4), st.lists(st.integers(0, 10_000), max_size=5))
def test_any_text_comes_out_as_it_went_in(said: list[str], places: list[int]) -> None:
    """However the bytes are split, two clients read every text unharmed, numbered and named."""
    body = "".join(encode(n, TextDelta(text)) for n, text in enumerate(said, 1)).encode("ascii")
    chunks = cut(body, places)
    assert [json.loads(data)["text"] for data in ours(chunks)] == said
    assert [(i, name, json.loads(data)["text"]) for i, name, data in theirs(chunks)] == [
        (str(n), "delta", text) for n, text in enumerate(said, 1)
    ]


@examples(100)
@given(any_texts, st.integers(1, 10**9))
def test_a_frame_is_three_lines_of_ascii(text: str, number: int) -> None:
    """Whatever was said, the frame has one data line that no parser splits, and one blank line."""
    for event in (TextDelta(text), ReasoningDelta(text)):
        frame = encode(number, event)
        assert frame.isascii()
        first, second, third, *rest = frame.splitlines(keepends=True)
        assert (first, rest) == (f"id: {number}\n", ["\n"])
        assert second.startswith("event: ")
        assert third.startswith("data: {")


@pytest.mark.parametrize(
    ("event", "name", "data"),
    [
        (TextDelta("hi"), "delta", {"text": "hi"}),
        (ReasoningDelta("hm"), "reasoning", {"text": "hm"}),
        (
            _START,
            "start",
            {
                "run_id": "run_1",
                "conversation_id": "conv_1",
                "message_id": "msg_2",
                "user_message_id": "msg_1",
                "parent_id": None,
                "model": "demo/demo",
                "truncated_turns": 0,
            },
        ),
        (Began("run_1", "demo/demo"), "start", {"run_id": "run_1", "model": "demo/demo"}),
        (
            Partial('{"name": "Zoë 🙂"}', 2, 3),
            "partial",
            {"data": {"name": "Zoë 🙂"}, "part": 2, "attempt": 3},
        ),
        (
            Step(1, "Again.", 1, 2, "type"),
            "step",
            {"index": 1, "summary": "Again.", "part": 1, "attempt": 2, "code": "type"},
        ),
        (
            ToolCall("c1", "echo", "{}"),
            "tool_call",
            {"call_id": "c1", "name": "echo", "arguments": "{}"},
        ),
        (
            ToolCall("c1", "echo", "{}", needs_approval=True),
            "tool_call",
            {"call_id": "c1", "name": "echo", "arguments": "{}", "needs_approval": True},
        ),
        (ToolResult("c1", "a"), "tool_result", {"call_id": "c1", "output": "a"}),
        (ToolResult("c1", None, "No."), "tool_result", {"call_id": "c1", "error": "No."}),
        (
            Approval("c1", "edit", "person", "{}"),
            "approval",
            {"call_id": "c1", "decision": "edit", "by": "person", "arguments": "{}"},
        ),
        (
            AgentStep(
                index=2,
                summary="Called echo.",
                model="demo/demo",
                asked="Hi",
                said="",
                calls=(Called("c1", "echo", "{}", "a", None, 0.5),),
                seconds=1.5,
                usage=_USAGE,
                cost_usd=Decimal("0.5"),
            ),
            "step",
            {
                "index": 2,
                "summary": "Called echo.",
                "model": "demo/demo",
                "asked": "Hi",
                "said": "",
                "calls": [
                    {
                        "call_id": "c1",
                        "name": "echo",
                        "arguments": "{}",
                        "output": "a",
                        "seconds": 0.5,
                    }
                ],
                "seconds": 1.5,
                "usage": msgspec.structs.asdict(_USAGE),
                "cost_usd": 0.5,
                "last": False,
            },
        ),
        (
            Parked(1_800_000_000_000, _USAGE, None),
            "done",
            {
                "finish_reason": "tool_calls",
                "stop_reason": "approval",
                "usage": msgspec.structs.asdict(_USAGE),
                "cost_usd": None,
                "expires_at": "2027-01-15T08:00:00.000+00:00",
            },
        ),
        (
            UsageReport(_USAGE, Decimal("0.0025")),
            "usage",
            {
                "input_tokens": 12,
                "cached_input_tokens": 4,
                "cache_write_tokens": 0,
                "output_tokens": 7,
                "reasoning_tokens": 2,
                "estimated": False,
                "cost_usd": 0.0025,
            },
        ),
        (
            Failure(_LIMITED.problem("req_1")),
            "error",
            {
                "type": "urn:parley:provider_rate_limited",
                "title": "Service Unavailable",
                "status": 503,
                "detail": "openai is limiting requests.",
                "code": "provider_rate_limited",
                "retryable": True,
                "request_id": "req_1",
                "retry_after": 7,
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_event_says_what_the_contract_says(
    event: Event, name: str, data: dict[str, object]
) -> None:
    """Name and data of each event are those of the contract, field by field."""
    [(number, said, body)] = theirs([encode(3, event).encode()])
    assert (number, said, json.loads(body)) == ("3", name, data)


def test_done_sums_up() -> None:
    """`done` carries finish reason, usage and cost, and a cost that nobody knows is null."""
    [data] = ours([encode(9, Done("length", _USAGE, None)).encode()])
    said = json.loads(data)
    assert (said["finish_reason"], said["cost_usd"]) == ("length", None)
    assert said["usage"]["output_tokens"] == 7
    assert set(said) == {"finish_reason", "usage", "cost_usd"}


class _Result(msgspec.Struct):
    data: dict[str, Any]


def test_done_has_the_result() -> None:
    """Of a run that made data it holds these, in ASCII, with all digits of a Decimal."""
    result = _Result({"amount": Decimal("12345678901234567890.10"), "name": "Zoë 🙂\u2028"})
    [data] = ours([encode(9, Done("stop", _USAGE, None, result=result)).encode("ascii")])
    assert '"amount":12345678901234567890.10' in data
    said = json.loads(data)
    assert (said["finish_reason"], said["data"]["name"]) == ("stop", "Zoë 🙂\u2028")


def test_an_error_has_its_members() -> None:
    """What a problem says besides stands beside the rest, null where it is null."""
    error = ExtractionFailed("No.")
    error.members = {"candidate": None, "cost_usd": Decimal("0.000010")}
    frame = encode(1, Failure(error.problem("req_1")))
    [data] = ours([frame.encode("ascii")])
    said = json.loads(data)
    assert (said["code"], said["candidate"], said["cost_usd"]) == ("extraction_failed", None, 1e-5)
    assert "members" not in said


def test_an_error_has_no_empty_members() -> None:
    """A problem without request id, fields or wait says nothing of them."""
    [data] = ours([encode(1, Failure(ParleyError().problem())).encode()])
    assert set(json.loads(data)) == {"type", "title", "status", "detail", "code", "retryable"}
