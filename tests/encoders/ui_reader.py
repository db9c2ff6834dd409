"""Reads the AI SDK's UI message stream more strictly than the SDK does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

_HEARTBEAT = b": hb\n"


def chunks(body: bytes) -> list[dict[str, Any]]:
    """The chunks of a whole stream: nothing else is in it, and [DONE] is its end."""
    assert body.isascii()
    frames = body.replace(_HEARTBEAT, b"").split(b"\n\n")
    assert frames.pop() == b""
    assert frames.pop() == b"data: [DONE]"
    assert all(frame.startswith(b"data: {") and b"\n" not in frame for frame in frames)
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames]


@dataclass
class Message:
    """What a client makes of the chunks. `end` is the one that ended it."""

    id: str | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    transient: list[dict[str, Any]] = field(default_factory=list)
    end: dict[str, Any] | None = None

    def text(self, kind: str = "text") -> str:
        return "".join(part["text"] for part in self.parts if part["type"] == kind)

    def calls(self) -> list[dict[str, Any]]:
        return [part for part in self.parts if part["type"] == "dynamic-tool"]


def message(body: bytes) -> Message:
    """Fails where a part is not opened before it is used, or not closed at the end."""
    return fold(chunks(body))


def fold(found: list[dict[str, Any]]) -> Message:
    reader = _Reader()
    for chunk in found:
        reader.take(chunk)
    assert reader.message.end is not None
    assert reader.open == {}
    assert not reader.in_step
    assert not [call for call in reader.message.calls() if call["state"] == "input-streaming"]
    return reader.message


class _Reader:
    def __init__(self) -> None:
        self.message = Message()
        self.open: dict[str, dict[str, Any]] = {}
        self.in_step = False

    def take(self, chunk: dict[str, Any]) -> None:
        assert self.message.end is None, f"after the end: {chunk}"
        kind = chunk["type"]
        self.message.metadata |= chunk.get("messageMetadata") or {}
        if kind in ("finish", "error", "abort"):
            self.message.end = chunk
        elif kind == "start":
            assert self.message.id is None
            assert not self.message.parts
            self.message.id = chunk["messageId"]
        elif kind.endswith("-step") and not kind.startswith("data-"):
            assert self.in_step == (kind == "finish-step")
            self.in_step = not self.in_step
            assert self.open == {}
            if self.in_step:
                self.message.parts.append({"type": "step-start"})
        elif kind.startswith(("text-", "reasoning-")):
            self._said(chunk, *kind.split("-"))
        elif kind.startswith("tool-"):
            self._called(kind.removeprefix("tool-"), chunk)
        elif kind.startswith("data-"):
            (self.message.transient if chunk.get("transient") else self.message.parts).append(chunk)
        else:
            assert kind == "message-metadata"

    def _said(self, chunk: dict[str, Any], kind: str, what: str) -> None:
        assert self.in_step
        if what == "start":
            assert self.open == {}
            part = self.open[chunk["id"]] = {"type": kind, "text": ""}
            self.message.parts.append(part)
        elif what == "delta":
            assert self.open[chunk["id"]]["type"] == kind
            self.open[chunk["id"]]["text"] += chunk["delta"]
        else:
            assert what == "end"
            del self.open[chunk["id"]]

    def _called(self, what: str, chunk: dict[str, Any]) -> None:
        assert self.in_step
        if what == "input-start":
            part = {"type": "dynamic-tool", "call": chunk["toolCallId"], "text": ""}
            self.message.parts.append(
                {**part, "tool": chunk["toolName"], "state": "input-streaming"}
            )
            assert chunk["dynamic"]
            return
        call_id = chunk.get("toolCallId") or chunk["approvalId"]
        call = next(c for c in reversed(self.message.calls()) if c["call"] == call_id)
        if what == "input-delta":
            assert call["state"] == "input-streaming"
            call["text"] += chunk["inputTextDelta"]
            return
        before, after = _STATES[what]
        assert call["state"] in before, (call, chunk)
        call["state"] = after
        call |= {name: chunk[name] for name in ("input", "output", "errorText") if name in chunk}


# What a call may be before it is something else; bad arguments are an error from the beginning.
_OPEN = ("input-available", "approval-requested", "approval-responded", "output-error")
_STATES: dict[str, tuple[tuple[str, ...], str]] = {
    "input-available": (("input-streaming", *_OPEN), "input-available"),
    "input-error": (("input-streaming", *_OPEN), "output-error"),
    "approval-request": (_OPEN, "approval-requested"),
    "approval-response": (_OPEN, "approval-responded"),
    "output-available": (_OPEN, "output-available"),
    "output-error": (_OPEN, "output-error"),
    "output-denied": (_OPEN, "output-denied"),
}
