"""Anthropic's message stream on the wire."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from app.errors import ProtocolBroken
from app.events import (
    Finish,
    FinishReason,
    ModelEvent,
    ReasoningDelta,
    ReasoningSignature,
    TextDelta,
    Usage,
)
from app.events import UsageReport as Report
from app.providers.faults import Origin, from_frame
from app.providers.surrogates import SurrogateJoiner
from app.providers.tool_calls import StreamedCall
from app.providers.wire import UNREADABLE, parse_leniently


class _Delta(msgspec.Struct, gc=False):
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    signature: str | None = None
    stop_reason: str | None = None


class _Block(msgspec.Struct):
    type: str
    id: str | None = None
    name: str | None = None
    input: Any = None
    data: str | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None


class _Message(msgspec.Struct):
    usage: _Usage | None = None


class _Counted(msgspec.Struct):
    input_tokens: Annotated[int, msgspec.Meta(ge=0)]


class _Event(msgspec.Struct, gc=False):
    type: str
    index: int = 0
    delta: _Delta | None = None
    content_block: _Block | None = None
    usage: _Usage | None = None
    message: _Message | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Event)
_decode = _decoder.decode

_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class MessagesApi:
    """The dialect. Usage comes in two places and the later figures replace the earlier."""

    def __init__(self, origin: Origin) -> None:
        self.ended = False
        self._origin = origin
        self._halves = False  # whether text may be cut inside of a character
        self._joiner = SurrogateJoiner()
        self._thoughts = SurrogateJoiner()
        self._calls: dict[int, StreamedCall] = {}  # by the index of their block
        self._usage = _Usage()
        self._reason: str | None = None

    def decode(self, data: bytes, into: list[ModelEvent]) -> None:
        try:
            event = _decode(data)
        except UNREADABLE:
            event = parse_leniently(data, _decoder, self._origin)
            self._halves = True
        if event.type == "content_block_delta" and event.delta is not None:
            # The common case stands here: this runs for every token.
            if (text := event.delta.text) and not self._halves:
                into.append(TextDelta(text))
            else:
                self._delta(event.index, event.delta, into)
        elif event.type == "content_block_start" and event.content_block is not None:
            self._begin(event.index, event.content_block, into)
        elif event.type == "content_block_stop":
            if call := self._calls.pop(event.index, None):
                call.close(into)
        elif event.type == "message_delta":
            self._reason = event.delta.stop_reason if event.delta else None
            self._count(event.usage, into)
        elif event.type == "message_start" and event.message is not None:
            self._count(event.message.usage, into)
        elif event.type == "message_stop":
            self.ended = True
        elif event.type == "error":
            raise from_frame(self._origin, event.error)

    def _delta(self, index: int, delta: _Delta, into: list[ModelEvent]) -> None:
        if delta.text:
            if text := self._joiner.feed(delta.text):
                into.append(TextDelta(text))
        elif delta.thinking:
            if text := self._thoughts.feed(delta.thinking):
                into.append(ReasoningDelta(text))
        elif delta.partial_json:
            if call := self._calls.get(index):  # a tool of the vendor's own is none of ours
                call.feed(delta.partial_json, into)
        elif delta.signature:
            into.append(ReasoningSignature(delta.signature))

    def _begin(self, index: int, block: _Block, into: list[ModelEvent]) -> None:
        if block.type == "tool_use":
            # A server that does not stream the input has all of it here.
            whole = msgspec.json.encode(block.input or {}).decode()
            self._calls[index] = StreamedCall(block.id, block.name or "", into, whole)
        elif block.type == "redacted_thinking" and block.data:
            into.append(ReasoningSignature(block.data, redacted=True))

    def _count(self, usage: _Usage | None, into: list[ModelEvent]) -> None:
        """Figures are cumulative: overwrite with what is there, never add."""
        if usage is None:
            return
        known = msgspec.structs.asdict(self._usage)
        said = {k: v for k, v in msgspec.structs.asdict(usage).items() if v is not None}
        self._usage = _Usage(**{**known, **said})
        into.append(Report(_as_ours(self._usage)))

    def close(self, into: list[ModelEvent]) -> bool:
        if not self.ended:
            return False
        if rest := self._thoughts.flush():
            into.append(ReasoningDelta(rest))
        if rest := self._joiner.flush():
            into.append(TextDelta(rest))
        for call in self._calls.values():  # whose blocks were not closed
            call.close(into)
        into.append(Finish(_REASONS.get(self._reason or "end_turn", "stop")))
        return True


def counted_tokens(content: bytes, origin: Origin) -> int:
    """Read the answer to a count. Raises ProtocolBroken."""
    try:
        return msgspec.json.decode(content, type=_Counted).input_tokens
    except UNREADABLE as error:
        raise ProtocolBroken(
            f"{origin.provider} answered with something that is not a count of tokens.",
            **origin.kwargs(),
        ) from error


def _as_ours(usage: _Usage) -> Usage:
    """Anthropic's input_tokens leave out what a cache was read or written for; ours don't."""
    read = usage.cache_read_input_tokens or 0
    written = usage.cache_creation_input_tokens or 0
    return Usage(
        input_tokens=(usage.input_tokens or 0) + read + written,
        cached_input_tokens=read,
        cache_write_tokens=written,
        output_tokens=usage.output_tokens or 0,
    )
