"""Events as chunks of the AI SDK's message stream, in `data:` lines.

Whatever ends the run, what is open is closed, and one chunk says how it ended: `finish`, `abort`
(somebody has stopped it) or `error`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, assert_never

import msgspec

from app.encoders import native
from app.encoders.ui_parts import Chunk, Kind, Parts
from app.events import (
    AgentStep,
    Approval,
    Began,
    Done,
    Event,
    Failure,
    FinishReason,
    Parked,
    Partial,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    Step,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    ToolResult,
    UsageReport,
)

_END = "data: [DONE]\n\n"
_REASONS: dict[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content-filter",
    "tool_calls": "tool-calls",
}
_json = json.JSONEncoder(separators=(",", ":"), default=float)


class Chunks:
    """Encodes a log's events in their order, the first one first."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._opening = ""  # of a delta of the part that is open
        self._figures: dict[str, Any] = {}

    def encode(self, _number: int, event: Event) -> str:
        """The chunks of one event; those of the last end the stream."""
        match event:
            case TextDelta():
                return self._delta("text", event.text)
            case ReasoningDelta():
                return self._delta("reasoning", event.text)
            case ReasoningSignature():
                return ""
            case Done() | Parked() | Failure():
                return _framed(self._ending(event)) + _END
            case ToolInputDelta() | ToolCall() | Approval() | ToolResult():
                return _framed(self._of_call(event))
            case Start() | Began() | UsageReport() | AgentStep() | Step() | Partial():
                return _framed([self._about(event)])
            case _:
                assert_never(event)

    def forget(self) -> None:
        """Nobody knows what of the last events was sent: nothing counts as open."""
        self._parts = Parts()

    def _delta(self, kind: Kind, text: str) -> str:
        before = ""
        if self._parts.open != kind:
            before = _framed(self._parts.begin(kind))
            self._opening = f'data: {{"type":"{kind}-delta","id":"{self._parts.id}","delta":'
        return f"{before}{self._opening}{quoted(text)}}}\n\n"

    def _of_call(self, event: ToolInputDelta | ToolCall | Approval | ToolResult) -> list[Chunk]:
        parts, call_id = self._parts, event.call_id
        match event:
            case ToolInputDelta():
                return parts.write(call_id, event.name, event.text)
            case ToolCall():
                called = parts.call(call_id, event.name, event.arguments)
                return [*called, *parts.ask(call_id)] if event.needs_approval else called
            case Approval():
                approved = event.decision != "deny"
                return parts.decide(call_id, approved=approved, arguments=event.arguments)
            case ToolResult():
                return parts.result(call_id, event.output, event.error)

    def _about(self, event: Start | Began | UsageReport | AgentStep | Step | Partial) -> Chunk:
        match event:
            case Start():
                return _start(event, event.message_id)
            case Began():
                return _start(event, event.run_id)
            case UsageReport():
                counts, cost = native.counts(event.usage), {"cost_usd": event.cost_usd}
                self._figures = {"usage": counts, **cost}
                return _data("usage", {**counts, **cost}, transient=True)
            case AgentStep():
                return _data("step", native.step(event), id=f"step-{event.index}")
            case Step():
                return _data("step", msgspec.to_builtins(event), id=f"step-{event.index}")
            case Partial():
                places = {"part": event.part, "attempt": event.attempt}
                data = {"data": msgspec.json.decode(event.json), **places}
                return _data("partial", data, id="partial")

    def _ending(self, event: Done | Parked | Failure) -> list[Chunk]:
        if isinstance(event, Failure):
            about = {**self._figures, "error": event.problem.document()}
            last = {"type": "error", "errorText": event.problem.detail}
            return [*self._parts.close(broken=True), _metadata(about), last]
        if isinstance(event, Parked):
            return [*self._parts.close(broken=False), _finish("tool_calls", native.parked(event))]
        about = native.done(event)
        if event.finish_reason == "stopped":
            last = {"type": "abort", "reason": "stopped"}
            return [*self._parts.close(broken=True), _metadata(about), last]
        return [*self._parts.close(broken=False), _finish(event.finish_reason, about)]


def _start(event: Start | Began, message_id: str) -> Chunk:
    about = msgspec.to_builtins(event)
    about.pop("message_id", None)
    return {"type": "start", "messageId": message_id, "messageMetadata": about}


def _metadata(about: dict[str, Any]) -> Chunk:
    return {"type": "message-metadata", "messageMetadata": about}


def _finish(reason: FinishReason, about: dict[str, Any]) -> Chunk:
    return {"type": "finish", "finishReason": _REASONS[reason], "messageMetadata": about}


def _data(name: str, data: Any, **more: Any) -> Chunk:
    return {"type": f"data-{name}", **more, "data": data}


def _framed(chunks: Sequence[Chunk]) -> str:
    return "".join([f"data: {_json.encode(chunk)}\n\n" for chunk in chunks])
