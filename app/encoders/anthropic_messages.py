"""A run as Anthropic's messages: events of a stream, or one object.

`message_stop` follows the end of an answer, and of nothing else: what breaks is an `error`, on
which Anthropic's SDKs raise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

import msgspec

from app.encoders.anthropic_errors import form
from app.errors import RunStopped
from app.events import (
    Began,
    Done,
    Event,
    Failure,
    FinishReason,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    UsageReport,
)

JSON = dict[str, Any]

_REASONS: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
    "tool_calls": "tool_use",
}
_NOTHING = {"input_tokens": 0, "output_tokens": 0}
_dumps = json.JSONEncoder(separators=(",", ":")).encode


class Stream:
    """`encode` makes the frames of one run, in order.

    A message is blocks, one after the other. Of calls that are written at the same time the first
    is passed on as it comes, and each other when it is whole.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._index = -1
        self._kind = ""  # of the block that is open
        self._head = ""  # of a delta of its text
        self._call = ""  # the id of the call that is open
        self._written = ""
        self._held: list[ToolCall] = []

    def encode(self, _number: int, event: Event) -> str:
        """ASCII only. Empty for what the format has no word for."""
        if type(event) is TextDelta and self._kind == "text":  # this runs for every token
            return f"{self._head}{quoted(event.text)}}}}}\n\n"
        return self._other(event)

    def _other(self, event: Event) -> str:
        match event:
            case TextDelta(text):
                return self._opened("text", {"text": ""}) + f"{self._head}{quoted(text)}}}}}\n\n"
            case ReasoningDelta(text):
                opened = self._opened("thinking", {"thinking": "", "signature": ""})
                return opened + f"{self._head}{quoted(text)}}}}}\n\n"
            case ReasoningSignature():
                return self._signed(event)
            case ToolInputDelta(call_id, name, text):
                return self._piece(call_id, name, text)
            case ToolCall():
                return self._whole(event)
            case Start() | Began():
                return _event("message_start", message=_message(self._run_id, event.model))
            case Done(finish_reason="stopped"):
                return _event("error", **_error(RunStopped().problem()))
            case Done():
                return self._end(event)
            case Failure():
                return _event("error", **_error(event.problem))
            case _:
                assert isinstance(event, UsageReport), "a message has no other events"
                return ""

    def _opened(self, kind: str, block: JSON) -> str:
        """Nothing, if such a block is open; otherwise the end of the one that is."""
        if self._kind == kind:
            return ""
        return self._close() + self._begin(kind, block)

    def _begin(self, kind: str, block: JSON) -> str:
        self._index += 1
        self._kind = kind
        self._head = (
            'event: content_block_delta\ndata: {"type":"content_block_delta",'
            f'"index":{self._index},"delta":{{"type":"{kind}_delta","{kind}":'
        )
        begun = {"type": kind, **block}
        return _event("content_block_start", index=self._index, content_block=begun)

    def _close(self) -> str:
        if not self._kind:
            return ""
        self._kind = self._call = self._written = ""
        return _event("content_block_stop", index=self._index)

    def _delta(self, kind: str, **said: str) -> str:
        return _event("content_block_delta", index=self._index, delta={"type": kind, **said})

    def _signed(self, event: ReasoningSignature) -> str:
        if event.redacted:
            closed = self._close()
            return closed + self._begin("redacted_thinking", {"data": event.signature})
        opened = self._opened("thinking", {"thinking": "", "signature": ""})
        return opened + self._delta("signature_delta", signature=event.signature) + self._close()

    def _piece(self, call_id: str, name: str, text: str) -> str:
        if self._call and call_id != self._call:
            return ""  # it comes when it is whole
        opened = "" if self._call else self._begun(call_id, name)
        self._written += text
        return opened + (self._delta("input_json_delta", partial_json=text) if text else "")

    def _begun(self, call_id: str, name: str) -> str:
        block = {"id": call_id, "name": name, "input": {}}
        begun = self._close() + self._begin("tool_use", block)
        self._call = call_id
        return begun

    def _whole(self, call: ToolCall) -> str:
        if self._call and call.call_id != self._call:
            self._held.append(call)
            return ""
        said = "" if self._call else self._begun(call.call_id, call.name)
        rest = call.arguments.removeprefix(self._written)
        if rest and call.arguments.startswith(self._written):
            said += self._delta("input_json_delta", partial_json=rest)
        return said + self._close() + self._released()

    def _released(self) -> str:
        held, self._held = self._held, []
        return "".join(map(self._whole, held))

    def _end(self, end: Done) -> str:
        delta = {"stop_reason": _REASONS[end.finish_reason], "stop_sequence": None}
        last = self._close() + self._released()
        return last + _event("message_delta", delta=delta, usage=usage(end)) + _STOP


def message(run_id: str, events: Sequence[Event], end: Done) -> JSON:
    """The whole answer of a run that has ended well."""
    model = next(event.model for event in events if isinstance(event, (Start, Began)))
    return {
        **_message(run_id, model),
        "content": _blocks(events),
        "stop_reason": _REASONS[end.finish_reason],
        "usage": usage(end),
    }


def usage(end: Done) -> JSON:
    """Anthropic's input leaves out what a cache had. `cost_usd` is ours."""
    said = end.usage
    cached = said.cached_input_tokens + said.cache_write_tokens
    return {
        "input_tokens": max(0, said.input_tokens - cached),
        "cache_read_input_tokens": said.cached_input_tokens,
        "cache_creation_input_tokens": said.cache_write_tokens,
        "output_tokens": said.output_tokens,
        "cost_usd": None if end.cost_usd is None else float(end.cost_usd),
    }


def _blocks(events: Sequence[Event]) -> list[JSON]:
    blocks: list[JSON] = []

    def block(kind: str, **begun: str) -> JSON:
        if not blocks or blocks[-1]["type"] != kind or blocks[-1].get("signature"):
            blocks.append({"type": kind, **begun})
        return blocks[-1]

    for event in events:
        match event:
            case TextDelta(text):
                block("text", text="")["text"] += text
            case ReasoningDelta(text):
                block("thinking", thinking="", signature="")["thinking"] += text
            case ReasoningSignature(signature, redacted=True):
                blocks.append({"type": "redacted_thinking", "data": signature})
            case ReasoningSignature(signature):
                block("thinking", thinking="", signature="")["signature"] = signature
            case ToolCall(call_id, name, arguments):
                call = {"id": call_id, "name": name, "input": _input(arguments)}
                blocks.append({"type": "tool_use", **call})
    return blocks


def _input(arguments: str) -> JSON:
    """The format takes an object only; what a model wrote amiss is shown inside of one."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        value = None
    return value if isinstance(value, dict) else {"INVALID_JSON": arguments}


def _message(run_id: str, model: str) -> JSON:
    said: JSON = {"id": run_id.replace("run_", "msg_", 1), "type": "message", "role": "assistant"}
    ending = {"stop_reason": None, "stop_sequence": None}
    return {**said, "model": model, "content": [], **ending, "usage": _NOTHING}


def _error(problem: Any) -> JSON:
    return {name: said for name, said in form(problem)[1].items() if name != "type"}


def _event(kind: str, **said: Any) -> str:
    return f"event: {kind}\ndata: {_dumps({'type': kind, **said})}\n\n"


_STOP = _event("message_stop")
