"""Parley's own stream: `id`, `event` and one line of JSON for each event."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, assert_never

import msgspec

from app.events import (
    AgentStep,
    Approval,
    Began,
    Done,
    Event,
    Failure,
    Parked,
    Partial,
    ReasoningDelta,
    ReasoningSignature,
    Source,
    Start,
    Step,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    ToolResult,
    Usage,
    UsageReport,
)


def encode(number: int, event: Event) -> str:
    """One frame, ASCII only."""
    match event:
        case TextDelta():
            return f'id: {number}\nevent: delta\ndata: {{"text": {quoted(event.text)}}}\n\n'
        case ReasoningDelta():
            return f'id: {number}\nevent: reasoning\ndata: {{"text": {quoted(event.text)}}}\n\n'
        case ReasoningSignature():
            return _frame(number, "reasoning", {"text": "", **msgspec.to_builtins(event)})
        case Start() | Began():
            return _frame(number, "start", msgspec.to_builtins(event))
        case Partial():
            places = f'"part": {event.part}, "attempt": {event.attempt}'
            return _frame_of(number, "partial", f'{{"data": {event.json}, {places}}}')
        case Step():
            return _frame(number, "step", msgspec.to_builtins(event))
        case ToolInputDelta():
            return _frame(number, "tool_input", msgspec.to_builtins(event))
        case ToolCall():
            data = {"call_id": event.call_id, "name": event.name, "arguments": event.arguments}
            asks = {"needs_approval": True} if event.needs_approval else {}
            return _frame(number, "tool_call", {**data, **asks})
        case ToolResult():
            return _frame(number, "tool_result", _said(event))
        case Approval():
            return _frame(number, "approval", _said(event))
        case AgentStep():
            return _frame(number, "step", step(event))
        case Parked():
            return _frame(number, "done", parked(event))
        case UsageReport():
            return _frame(number, "usage", {**counts(event.usage), "cost_usd": event.cost_usd})
        case Done(result=None):
            return _frame(number, "done", done(event))
        case Done():
            said = msgspec.structs.asdict(event.result)
            return _exact_frame(number, "done", {"finish_reason": event.finish_reason, **said})
        case Failure() if not event.problem.members:
            return _frame(number, "error", event.problem.document())
        case Failure():
            return _exact_frame(number, "error", event.problem.document())
        case _:
            assert_never(event)


def done(event: Done) -> dict[str, Any]:
    """What a whole answer says of its end, streamed or not."""
    return {
        "finish_reason": event.finish_reason,
        "usage": counts(event.usage),
        "cost_usd": event.cost_usd,
        **_SOURCES[event.source],
        **({"stop_reason": event.stop_reason} if event.stop_reason else {}),
    }


def parked(event: Parked) -> dict[str, Any]:
    """The ending of an answer whose run waits for a person."""
    waiting = Done("tool_calls", event.usage, event.cost_usd, stop_reason="approval")
    return {**done(waiting), "expires_at": _moment(event.until)}


def step(event: AgentStep) -> dict[str, Any]:
    """A round of an agent, as a person reads it."""
    said = msgspec.structs.asdict(event)
    calls = [_said(called) for called in event.calls]
    return {**said, "calls": calls, "usage": counts(event.usage)}


_SOURCES: dict[Source, dict[str, bool]] = {
    "model": {},
    "cache": {"cached": True},
    "canned": {"degraded": True},
}


def counts(usage: Usage) -> dict[str, Any]:
    return msgspec.structs.asdict(usage)


def _said(event: msgspec.Struct) -> dict[str, Any]:
    """Without what there is nothing of."""
    return {name: v for name, v in msgspec.structs.asdict(event).items() if v is not None}


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _frame(number: int, name: str, data: dict[str, Any]) -> str:
    return f"id: {number}\nevent: {name}\ndata: {_json.encode(data)}\n\n"


def _exact_frame(number: int, name: str, data: object) -> str:
    """Of data that a caller's schema has shaped: its Decimals keep all their digits."""
    return _frame_of(number, name, exact.encode(data).decode())


def _frame_of(number: int, name: str, said: str) -> str:
    if not said.isascii():
        said = _BEYOND_ASCII.sub(lambda found: quoted(found[0])[1:-1], said)
    return f"id: {number}\nevent: {name}\ndata: {said}\n\n"


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here.")


_json = json.JSONEncoder(default=_number)
exact = msgspec.json.Encoder(decimal_format="number")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
