"""Anthropic's messages: what is sent for the same answer, with the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.upstream.answers import Call
from tests.upstream.bill import Bill
from tests.upstream.frames import event

# OpenAI's word for an ending, and Anthropic's.
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
    "tool_calls": "tool_use",
}
_TEXT = {"type": "text", "text": ""}
_THINKING = {"type": "thinking", "thinking": "", "signature": ""}


class MessagesApi:
    vendor = "anthropic"

    def __init__(self, bill: Bill | None = None) -> None:
        self._bill = bill

    def opening(self, model: str, *, usage: bool = True) -> bytes:
        return self._start(usage) + self._begin(0, _TEXT) + self.ping()

    def piece(self, model: str, text: str, *, block: int = 0) -> bytes:
        return self._delta(block, {"type": "text_delta", "text": text})

    def closing(
        self, model: str, pieces: int, *, usage: bool, reason: str = "stop", block: int = 0
    ) -> bytes:
        """`block` is the index of the last one, which is still open."""
        output = self._bill.output if self._bill else pieces + 2
        counted = {"usage": {"output_tokens": output}} if usage else {}
        ended = {"type": "message_delta", "delta": {"stop_reason": _REASONS[reason]}, **counted}
        return self._end(block) + event(ended) + event({"type": "message_stop"})

    def thinking(self, model: str, thoughts: Sequence[str]) -> list[bytes]:
        """The opening of an answer that begins with reasoning. Its text is in block 1."""
        said = [self._delta(0, {"type": "thinking_delta", "thinking": text}) for text in thoughts]
        signed = self._delta(0, {"type": "signature_delta", "signature": "c2lnbmVk"})
        turn = self._end(0) + self._begin(1, _TEXT)
        return [self._start() + self._begin(0, _THINKING), *said, signed, turn]

    def calling(self, model: str, calls: Sequence[Call]) -> list[bytes]:
        """The opening of an answer that calls tools. Each call has a block; the last is open."""
        frames = [self._start()]
        for n, call in enumerate(calls):
            block = {"type": "tool_use", "id": f"toolu_{n}", "name": call.name, "input": {}}
            frames += [self._end(n - 1)] if n else []
            frames.append(self._begin(n, block))
            frames += [
                self._delta(n, {"type": "input_json_delta", "partial_json": text})
                for text in ("", *call.pieces)
            ]
        return frames

    def ping(self) -> bytes:
        return event({"type": "ping"})

    def error(self, kind: str, message: str) -> bytes:
        return event({"type": "error", "error": {"type": kind, "message": message}})

    def _start(self, usage: bool = True) -> bytes:
        figures = {"input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 1}
        figures = self._bill.messages_api() if self._bill else figures
        message: dict[str, Any] = {"id": "m1", "type": "message", "role": "assistant"}
        message |= {"content": [], **({"usage": figures} if usage else {})}
        return event({"type": "message_start", "message": message})

    def _begin(self, index: int, block: dict[str, Any]) -> bytes:
        return event({"type": "content_block_start", "index": index, "content_block": block})

    def _delta(self, index: int, delta: dict[str, Any]) -> bytes:
        return event({"type": "content_block_delta", "index": index, "delta": delta})

    def _end(self, index: int) -> bytes:
        return event({"type": "content_block_stop", "index": index})
