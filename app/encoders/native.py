"""Parley's own stream: `id`, `event` and one line of JSON for each event."""

from __future__ import annotations

import json
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, assert_never

import msgspec

from app.events import (
    Done,
    Event,
    Failure,
    ReasoningDelta,
    Source,
    Start,
    TextDelta,
    ToolCall,
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
        case Start():
            return _frame(number, "start", msgspec.to_builtins(event))
        case ToolCall():
            data = {"call_id": event.call_id, "name": event.name, "arguments": event.arguments}
            return _frame(number, "tool_call", data)
        case UsageReport():
            return _frame(number, "usage", {**counts(event.usage), "cost_usd": event.cost_usd})
        case Done():
            return _frame(number, "done", done(event))
        case Failure():
            return _frame(number, "error", msgspec.to_builtins(event.problem))
        case _:
            assert_never(event)


def done(event: Done) -> dict[str, Any]:
    """What a whole answer says of its end, streamed or not."""
    return {
        "finish_reason": event.finish_reason,
        "usage": counts(event.usage),
        "cost_usd": event.cost_usd,
        **_SOURCES[event.source],
    }


_SOURCES: dict[Source, dict[str, bool]] = {
    "model": {},
    "cache": {"cached": True},
    "canned": {"degraded": True},
}


def counts(usage: Usage) -> dict[str, Any]:
    return msgspec.structs.asdict(usage)


def _frame(number: int, name: str, data: dict[str, Any]) -> str:
    return f"id: {number}\nevent: {name}\ndata: {_json.encode(data)}\n\n"


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here.")


_json = json.JSONEncoder(default=_number)
