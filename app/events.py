"""The typed things that happen in a run, and the only fold over them.

A provider yields `ModelEvent`s; the run's log holds `Event`s. Exactly one `Done` or `Failure`
ends a log. Events are msgspec structs because one is made for every token: making one costs a
tenth of what a frozen dataclass does.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal

import msgspec

from app.errors import Problem

FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "stopped"]


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one answer.

    `input_tokens` is the whole input: what was read from a cache (`cached_input_tokens`) and
    written to it (`cache_write_tokens`) is part of it. `output_tokens` includes the reasoning.
    `estimated` says that the provider did not send the figures and we counted.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False


class Start(msgspec.Struct, frozen=True, kw_only=True):
    run_id: str
    conversation_id: str
    message_id: str
    user_message_id: str
    parent_id: str | None
    model: str
    truncated_turns: int = 0


class Began(msgspec.Struct, frozen=True):
    """The start of a run that belongs to no conversation."""

    run_id: str
    model: str


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False):
    text: str


class ReasoningSignature(msgspec.Struct, frozen=True):
    """Ends a block of reasoning: its ReasoningPart needs this to be sent back to the vendor."""

    signature: str
    redacted: bool = False


class ToolInputDelta(msgspec.Struct, frozen=True, gc=False):
    """A piece of the arguments of a tool call that is being written; the first may be empty."""

    call_id: str
    name: str
    text: str


class ToolCall(msgspec.Struct, frozen=True):
    """A call as the model wrote it: `arguments` should be, but need not be, a JSON object's text.

    None at all count as `{}`. Calls are meant to be carried out only where the answer then ends
    with `tool_calls`; at a limit the last one may lack its end. `needs_approval` is an agent's
    word: a person is asked first.
    """

    call_id: str
    name: str
    arguments: str
    needs_approval: bool = False


class ToolResult(msgspec.Struct, frozen=True):
    """What came of a call, shortened: an `output`, or an `error` in a sentence."""

    call_id: str
    output: str | None = None
    error: str | None = None


Decision = Literal["approve", "edit", "deny"]


class Approval(msgspec.Struct, frozen=True):
    """What was decided about calls that wait, and by whom: nobody answers in `time`.

    `arguments` are in the place of the model's, where they were edited.
    """

    call_id: str
    decision: Decision
    by: Literal["person", "time"] = "person"
    arguments: str | None = None


class Partial(msgspec.Struct, frozen=True):
    """An extraction so far, as JSON. Within one attempt at one part a later one takes nothing back.

    It is text because a log keeps many of them: as objects they would weigh ten times as much.
    """

    json: str
    part: int = 1
    attempt: int = 1


class Step(msgspec.Struct, frozen=True):
    """Something was begun anew, or given up. `index` counts them; `code` says why."""

    index: int
    summary: str
    part: int
    attempt: int
    code: str


class Called(msgspec.Struct, frozen=True):
    """A call as a person reads it: texts are shortened, `seconds` are the tool's own."""

    call_id: str
    name: str
    arguments: str
    output: str | None = None
    error: str | None = None
    seconds: float = 0.0


class AgentStep(msgspec.Struct, frozen=True, kw_only=True):
    """A round of an agent: what a model was `asked` and `said`, and what it called.

    `last`: it was asked for its answer, because a limit was reached. Texts are shortened; `seconds`
    are of all of it, without the time that it waited for a person.
    """

    index: int
    summary: str
    model: str
    asked: str
    said: str
    calls: tuple[Called, ...] = ()
    seconds: float = 0.0
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    last: bool = False


class Parked(msgspec.Struct, frozen=True):
    """The run waits for a person, until a moment in milliseconds. Its streams end here.

    It is the last of a log only as long as the run waits; then an Approval stands in its place.
    """

    until: int
    usage: Usage
    cost_usd: Decimal | None


class UsageReport(msgspec.Struct, frozen=True):
    """The tokens so far; a later report replaces an earlier one."""

    usage: Usage
    cost_usd: Decimal | None = None


class Finish(msgspec.Struct, frozen=True):
    """The provider's own word that the answer is whole."""

    reason: FinishReason


# Where an answer came from: a model, the cache of answers, or, where no model answered, the
# configuration.
Source = Literal["model", "cache", "canned"]


# Why an agent's run ended, beside `finish_reason`: it had answered, or a limit was reached.
StopReason = Literal[
    "answered",
    "length",
    "content_filter",
    "max_steps",
    "max_tool_calls",
    "max_tokens",
    "max_cost",
    "timeout",
    "too_many_errors",
    "budget_spent",
    "stopped",
    "approval",
]


class Done(msgspec.Struct, frozen=True):
    finish_reason: FinishReason
    usage: Usage
    cost_usd: Decimal | None
    source: Source = "model"
    # Where the run was to make data and no text: a struct whose fields belong to the ending.
    result: Any = None
    stop_reason: StopReason | None = None


class Failure(msgspec.Struct, frozen=True):
    problem: Problem


ModelEvent = (
    TextDelta
    | ReasoningDelta
    | ReasoningSignature
    | ToolInputDelta
    | ToolCall
    | UsageReport
    | Finish
)
Terminal = Done | Failure
Event = (
    Start
    | Began
    | TextDelta
    | ReasoningDelta
    | ReasoningSignature
    | ToolInputDelta
    | ToolCall
    | ToolResult
    | Approval
    | Partial
    | Step
    | AgentStep
    | Parked
    | UsageReport
    | Done
    | Failure
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A run as one value. `end` is None while it goes on."""

    start: Start | None
    text: str
    reasoning: str
    end: Terminal | None
    calls: tuple[ToolCall, ...] = ()
    steps: tuple[AgentStep, ...] = ()


def collect(events: Iterable[Event]) -> Answer:
    """Fold a log into the answer that it tells."""
    start: Start | None = None
    end: Terminal | None = None
    text: list[str] = []
    reasoning: list[str] = []
    calls: list[ToolCall] = []
    steps: list[AgentStep] = []
    for event in events:
        match event:
            case TextDelta():
                text.append(event.text)
            case ReasoningDelta():
                reasoning.append(event.text)
            case Start():
                start = event
            case Done() | Failure():
                end = event
            case ToolCall():
                calls.append(event)
            case AgentStep():
                steps.append(event)
            case UsageReport() | ToolInputDelta() | Began() | Partial() | Step():
                pass
            case ReasoningSignature() | ToolResult() | Approval() | Parked():
                pass
    return Answer(
        start=start,
        text="".join(text),
        reasoning="".join(reasoning),
        end=end,
        calls=tuple(calls),
        steps=tuple(steps),
    )
