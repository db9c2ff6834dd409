"""A run as Anthropic's messages: whatever happened in it, a client puts the same together."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.encoders.anthropic_messages import Stream, message, usage
from app.errors import CutOff, ParleyError
from app.events import (
    Began,
    Done,
    Event,
    Failure,
    FinishReason,
    ReasoningDelta,
    ReasoningSignature,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    Usage,
    UsageReport,
)
from tests.encoders.clients import theirs
from tests.properties import examples

JSON = dict[str, Any]

_FRAME = re.compile(r"event: ([a-z_]+)\ndata: (\{[^\n]*\})\n\n")
_BEGAN = Began("run_1", "openai/mock")
_USAGE = Usage(input_tokens=10, cached_input_tokens=4, cache_write_tokens=1, output_tokens=7)
_KEYS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


def done(reason: FinishReason = "stop") -> Done:
    return Done(reason, _USAGE, Decimal("0.5"))


def encoded(events: Sequence[Event]) -> str:
    encode = Stream("run_1").encode
    return "".join(encode(number, event) for number, event in enumerate(events, 1))


def said(stream: str) -> list[JSON]:
    """The events of a stream that holds nothing else."""
    assert stream.isascii()
    assert _FRAME.sub("", stream) == ""
    found = [(name, json.loads(data)) for name, data in _FRAME.findall(stream)]
    assert all(name == data["type"] for name, data in found)
    return [data for _, data in found]


def put_together(events: Sequence[JSON]) -> JSON:
    """What a client makes of a stream that ends well, if it takes the format by its word: blocks
    come one after the other, and each is closed before the next.
    """
    first, *middle, ending, last = events
    assert (first["type"], last) == ("message_start", {"type": "message_stop"})
    whole: JSON = first["message"]
    blocks: list[JSON] = whole["content"]
    is_open = False
    for event in middle:
        match event:
            case {"type": "content_block_start", "index": index, "content_block": block}:
                assert (is_open, index) == (False, len(blocks))
                blocks.append({**block, "json": ""} if block["type"] == "tool_use" else block)
                is_open = True
            case {"type": "content_block_delta", "index": index, "delta": delta}:
                assert (is_open, index) == (True, len(blocks) - 1)
                if delta["type"] == "input_json_delta":
                    blocks[-1]["json"] += delta["partial_json"]
                else:
                    blocks[-1][_KEYS[delta["type"]]] += delta[_KEYS[delta["type"]]]
            case {"type": "content_block_stop", "index": index}:
                assert (is_open, index) == (True, len(blocks) - 1)
                is_open = False
            case _:
                raise AssertionError(event)
    assert not is_open
    for block in blocks:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block.pop("json") or "{}")
    return {**whole, **ending["delta"], "usage": ending["usage"]}


_texts = st.text(max_size=8)
_arguments = st.dictionaries(st.text(max_size=3), st.integers() | _texts, max_size=3).map(
    lambda value: json.dumps(value, ensure_ascii=False)
)


@st.composite
def _calls(draw: st.DrawFn) -> list[Event]:
    """Several calls whose pieces take turns, whole in any order; of some nothing is streamed."""
    calls = [
        ToolCall(f"call_{n}", f"tool_{n}", draw(_arguments)) for n in range(draw(st.integers(0, 4)))
    ]
    events: list[tuple[int, Event]] = []
    for call in calls:
        moments = sorted(draw(st.lists(st.integers(0, 20), max_size=5)))
        cuts = [0, *sorted(draw(st.integers(0, len(call.arguments))) for _ in moments[1:])]
        ends = [*cuts[1:], len(call.arguments)]
        for moment, start, end in zip(moments, cuts, ends, strict=False):
            piece = call.arguments[start:end]
            events.append((moment, ToolInputDelta(call.call_id, call.name, piece)))
        events.append((21 + draw(st.integers(0, 5)), call))
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


@st.composite
def _runs(draw: st.DrawFn) -> list[Event]:
    spoken = st.builds(TextDelta, _texts) | st.builds(ReasoningDelta, _texts)
    signed = st.builds(ReasoningSignature, st.just("c2ln"), st.booleans())
    before = draw(st.lists(spoken | signed, max_size=12))
    reasons: list[FinishReason] = ["stop", "length", "content_filter", "tool_calls"]
    reason = draw(st.sampled_from(reasons))
    end = done(reason)
    return [_BEGAN, *before, *draw(_calls()), UsageReport(end.usage, end.cost_usd), end]


@examples(300)
@given(_runs())
def test_streamed_or_whole_it_is_the_same(events: list[Event]) -> None:
    """A client that takes the format by its word makes of the stream what the whole answer is."""
    end = events[-1]
    assert isinstance(end, Done)
    streamed, whole = put_together(said(encoded(events))), message("run_1", events, end)
    by_id = {b["id"]: b for b in whole["content"] if b["type"] == "tool_use"}
    calls = [block for block in streamed["content"] if block["type"] == "tool_use"]
    assert {block["id"]: block for block in calls} == by_id
    others = [b for b in whole["content"] if b["type"] != "tool_use"]
    assert [b for b in streamed["content"] if b["type"] != "tool_use"] == others
    assert {**streamed, "content": 0} == {**whole, "content": 0}


@examples(60)
@given(_runs())
def test_a_common_parser_reads_it(events: list[Event]) -> None:
    """Cut into single bytes, the frames are what they were."""
    stream = encoded(events)
    names = [name for _, name, _ in theirs(bytes([byte]) for byte in stream.encode())]
    assert names == [event["type"] for event in said(stream)]


def test_pieces_go_out_as_they_come() -> None:
    """The first of several calls is streamed while it is written; nothing waits for its end."""
    encode = Stream("run_1").encode
    encode(1, _BEGAN)
    first = encode(2, ToolInputDelta("a", "x", '{"k'))
    assert "content_block_start" in first
    assert '"partial_json":"{\\"k"' in first
    assert encode(3, ToolInputDelta("b", "y", "{}")) == ""
    assert '"partial_json":"\\":1}"' in encode(4, ToolInputDelta("a", "x", '":1}'))


@pytest.mark.parametrize("failure", [ParleyError(), CutOff("It broke.", provider="openai")])
def test_a_failure_is_no_end(failure: ParleyError) -> None:
    """What breaks is an error that SDKs raise on, and no message_stop comes after or before."""
    events = said(encoded([_BEGAN, TextDelta("a"), Failure(failure.problem("req_1"))]))
    assert events[-1]["type"] == "error"
    assert events[-1]["error"] == {"type": "api_error", "message": failure.detail}
    assert events[-1]["request_id"] == "req_1"
    assert not [event for event in events if event["type"] in ("message_stop", "message_delta")]


def test_a_stop_is_no_end() -> None:
    """An answer that was stopped is not called whole, for which the format has no word."""
    events = said(encoded([_BEGAN, TextDelta("a"), done("stopped")]))
    assert events[-1]["type"] == "error"
    assert "stopped" in events[-1]["error"]["message"]


def test_what_a_model_wrote_amiss() -> None:
    """Arguments that are no object are shown inside of one, as the format asks."""
    end = done("tool_calls")
    for arguments in ("{", "[1]", "1"):
        (block,) = message("run_1", [_BEGAN, ToolCall("a", "x", arguments), end], end)["content"]
        assert block["input"] == {"INVALID_JSON": arguments}


def test_tokens() -> None:
    """Anthropic's input leaves out what was cached, and the sum of all three is ours."""
    assert usage(done()) == {
        "input_tokens": 5,
        "cache_read_input_tokens": 4,
        "cache_creation_input_tokens": 1,
        "output_tokens": 7,
        "cost_usd": 0.5,
    }
