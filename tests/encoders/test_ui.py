"""The AI SDK's UI message stream: every part balanced, every ending said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.encoders.ui import UiStream, merged
from app.errors import Overloaded
from app.events import (
    AgentStep,
    Approval,
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
    ToolInputDelta,
    ToolResult,
    Usage,
    UsageReport,
)
from tests.encoders.ui_reader import Message, chunks, message
from tests.properties import examples, texts

_START = Start(
    run_id="run_1",
    conversation_id="conv_1",
    message_id="msg_2",
    user_message_id="msg_1",
    parent_id=None,
    model="demo/demo",
)
_USAGE = Usage(input_tokens=12, output_tokens=7)
_REPORT = UsageReport(_USAGE, Decimal("0.0025"))
_BUSY = Overloaded("openai is busy.", provider="openai", retry_after=7.0)
_FAILED = Failure(_BUSY.problem("req_1"))
_DONE = Done("stop", _USAGE, Decimal("0.0025"))
_STOPPED = Done("stopped", _USAGE, None)


def sent(*batches: Sequence[Event]) -> bytes:
    return b"".join(UiStream().frames(iter(batches)))


def read(*events: Event) -> Message:
    """One event after the other."""
    return message(sent(*[[event] for event in (_START, *events)]))


_ids = st.sampled_from(["call_1", "call_2", "call_3"])
_arguments = st.sampled_from(
    ["", "{}", '{"a": [1.5, "é"]}', '{"a": ', "no", '"\\ud83d"', "[" * 3000]
)
_calls: st.SearchStrategy[Event] = st.one_of(
    st.builds(ToolInputDelta, _ids, st.just("look_up"), texts),
    st.builds(ToolCall, _ids, st.just("look_up"), _arguments, st.booleans()),
    st.builds(ToolResult, _ids, texts, st.none()),
    st.builds(ToolResult, _ids, st.none(), texts),
    st.builds(Approval, _ids, st.sampled_from(["approve", "deny"])),
    st.builds(Approval, _ids, st.just("edit"), st.just("person"), _arguments),
)
_others: st.SearchStrategy[Event] = st.sampled_from(
    [
        _REPORT,
        Step(1, "Again.", 1, 2, "type"),
        AgentStep(index=1, summary="Looked.", model="m", asked="a", said="s", cost_usd=Decimal(1)),
        Partial('{"amount": 12.50}'),
    ]
)
_said: st.SearchStrategy[Event] = texts.map(TextDelta) | texts.map(ReasoningDelta)
_events = st.lists(_said | _calls | _others, max_size=30)
_ends: st.SearchStrategy[Event] = st.sampled_from(
    [_DONE, _STOPPED, _FAILED, Done("tool_calls", _USAGE, None), Parked(1, _USAGE, None)]
)


@examples(300)
@given(st.booleans(), _events, _ends)
def test_every_log_is_balanced(starts: bool, events: list[Event], end: Event) -> None:
    """Whatever happened and however it ended, what was opened is closed before the end is said."""
    log = [*([_START] if starts else []), *events, end]
    found = message(sent(*[[event] for event in log]))
    assert found.end is not None
    said = [event.text for event in events if isinstance(event, TextDelta)]
    assert found.text() == "".join(said)


@examples(150)
@given(_events, _ends, st.lists(st.integers(0, 30), max_size=5))
def test_batches_make_no_difference(events: list[Event], end: Event, cuts: list[int]) -> None:
    """Read at once, in any batches, or one by one, it is the same message."""
    log = [_START, *events, end]
    places = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    batches = [log[a:b] for a, b in pairwise(places)]
    assert message(sent(*batches)) == message(sent(*[[event] for event in log]))


@examples(60)
@given(_events, st.integers(0, 30), _ends)
def test_no_piece_is_empty(events: list[Event], seen: int, end: Event) -> None:
    """An event that says nothing is a heartbeat: a piece of no length would end the answer."""
    for decided in ((), ("call_1",)):
        stream = UiStream(decided=decided)
        assert all(stream.frames([[event] for event in [*events, end]], [_START]))


@examples(100)
@given(_events)
def test_merging_keeps_the_order(events: list[Event]) -> None:
    """Neighbours of a kind become one; nothing else is changed."""
    found = list(merged(events))
    assert "".join(_shown(e) for e in found) == "".join(_shown(e) for e in events)
    for one, other in pairwise(found):
        same = type(one) is type(other)
        assert not (same and isinstance(one, (TextDelta, ReasoningDelta)))


def _shown(event: Event) -> str:
    if isinstance(event, (TextDelta, ReasoningDelta)):
        return "".join(type(event).__name__[0] + sign for sign in event.text)
    return "" if isinstance(event, ToolInputDelta) else repr(event)


def test_a_plain_answer() -> None:
    """A message has its id, one step with reasoning and text, the figures, and a finish."""
    found = read(ReasoningDelta("Hm"), TextDelta("He"), TextDelta("llo \u2028"), _REPORT, _DONE)
    assert found.id == "msg_2"
    assert found.parts == [
        {"type": "step-start"},
        {"type": "reasoning", "text": "Hm"},
        {"type": "text", "text": "Hello \u2028"},
    ]
    assert found.end is not None
    assert (found.end["type"], found.end["finishReason"]) == ("finish", "stop")
    assert found.metadata["run_id"] == "run_1"
    assert found.metadata["usage"]["output_tokens"] == 7
    assert found.metadata["cost_usd"] == 0.0025
    [usage] = found.transient
    assert (usage["type"], usage["data"]["input_tokens"]) == ("data-usage", 12)


@pytest.mark.parametrize(
    ("end", "kind", "reason"),
    [
        (Done("length", _USAGE, None), "finish", "length"),
        (Done("content_filter", _USAGE, None), "finish", "content-filter"),
        (Done("tool_calls", _USAGE, None), "finish", "tool-calls"),
        (_STOPPED, "abort", "stopped"),
        (_FAILED, "error", "openai is busy."),
    ],
)
def test_each_ending_is_told(end: Event, kind: str, reason: str) -> None:
    """A stop is an `abort` and a failure an `error`; neither is followed by a `finish`."""
    found = read(TextDelta("Half"), _REPORT, end)
    assert found.end is not None
    assert found.end["type"] == kind
    assert reason in found.end.values()
    assert found.metadata["usage"]["input_tokens"] == 12


def test_a_failure_is_in_the_metadata() -> None:
    """The problem is there as a whole, beside the sentence."""
    found = read(TextDelta("Half"), _REPORT, _FAILED).metadata["error"]
    assert (found["code"], found["retryable"]) == ("provider_overloaded", True)
    assert (found["request_id"], found["retry_after"]) == ("req_1", 7)


def test_calls_and_steps() -> None:
    """A call with its result belongs to the step that made it, what is said then to the next."""
    found = read(
        TextDelta("Let me see."),
        ToolInputDelta("c1", "look_up", '{"city": '),
        ToolInputDelta("c1", "look_up", '"Kraków"}'),
        ToolCall("c1", "look_up", '{"city": "Kraków"}'),
        ToolCall("c2", "look_up", ""),
        ToolResult("c2", None, "It is away."),
        ToolResult("c1", "12 °C"),
        TextDelta("Twelve."),
        _DONE,
    )
    kinds = [part["type"] for part in found.parts]
    assert kinds == ["step-start", "text", "dynamic-tool", "dynamic-tool", "step-start", "text"]
    first, second = found.calls()
    assert (first["state"], first["input"]) == ("output-available", {"city": "Kraków"})
    assert (first["text"], first["output"]) == ('{"city": "Kraków"}', "12 °C")
    assert (second["state"], second["input"]) == ("output-error", {})
    assert second["errorText"] == "It is away."


def test_a_call_that_is_cut_short_is_closed() -> None:
    """What a stop leaves half written, or without a result, is an error of the call."""
    found = read(ToolInputDelta("c1", "look_up", '{"ci'), ToolCall("c2", "look_up", "{}"), _STOPPED)
    assert [call["state"] for call in found.calls()] == ["output-error", "output-error"]
    assert all(call["errorText"].endswith(".") for call in found.calls())


def test_an_approval_goes_on_where_it_stood() -> None:
    """The stream of a run that waits finishes; the next has the decision and what came of it."""
    log: list[Event] = [_START, ToolCall("c1", "send", "{}", needs_approval=True)]
    waiting = message(sent([*log, Parked(1, _USAGE, None)]))
    assert waiting.calls()[0]["state"] == "approval-requested"
    assert waiting.end is not None
    assert (waiting.end["type"], waiting.end["finishReason"]) == ("finish", "tool-calls")
    assert waiting.metadata["stop_reason"] == "approval"
    rest: list[Event] = [
        Approval("c1", "deny"),
        ToolResult("c1", None, "No."),
        TextDelta("Well."),
        _DONE,
    ]
    found = message(sent([*log, *rest]))
    assert found.calls()[0]["state"] == "output-denied"
    stream = UiStream(decided={"c1"})
    later = [chunk["type"] for chunk in chunks(b"".join(stream.frames([rest], log)))]
    assert later[:4] == [
        "tool-approval-response",
        "tool-output-denied",
        "finish-step",
        "start-step",
    ]


def test_a_fault_in_here_is_an_error_too() -> None:
    """What cannot be encoded ends the stream with one error and its [DONE]."""
    broken = Partial("no json")
    body = sent([_START], [TextDelta("a")], [TextDelta("b"), broken])
    found = chunks(body)
    assert [chunk["type"] for chunk in found[:4]] == [
        "start",
        "start-step",
        "text-start",
        "text-delta",
    ]
    assert found[-1]["type"] == "error"
    assert b"no json" not in body.replace(json.dumps("no json").encode(), b"")
