"""The two wire formats, as frames: what OpenAI and Anthropic send for the same answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol


class Format(Protocol):
    def opening(self, model: str) -> bytes: ...

    def piece(self, model: str, text: str) -> bytes: ...

    def closing(self, model: str, pieces: int, *, usage: bool) -> bytes: ...

    def error(self, kind: str, message: str) -> bytes: ...


def _data(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


class ChatCompletions:
    """10 input tokens of which 4 were cached; each piece is a token, 2 more were reasoning."""

    def opening(self, model: str) -> bytes:
        return self._chunk(model, {"role": "assistant", "content": ""})

    def piece(self, model: str, text: str) -> bytes:
        return self._chunk(model, {"content": text})

    def closing(self, model: str, pieces: int, *, usage: bool) -> bytes:
        counted = {
            "prompt_tokens": 10,
            "completion_tokens": pieces + 2,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2},
        }
        last = _data({"model": model, "choices": [], "usage": counted}) if usage else b""
        return self._chunk(model, {}, "stop") + last + b"data: [DONE]\n\n"

    def error(self, kind: str, message: str) -> bytes:
        return _data({"error": {"type": kind, "message": message}})

    def _chunk(self, model: str, delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return _data(
            {"id": "c1", "object": "chat.completion.chunk", "model": model, "choices": [choice]}
        )


class MessagesApi:
    """The same: 10 input tokens in all, of which 4 were read from a cache."""

    def opening(self, model: str) -> bytes:
        usage = {"input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 1}
        message = {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "usage": usage,
        }
        block = {"type": "text", "text": ""}
        return (
            self._event({"type": "message_start", "message": message})
            + self._event({"type": "content_block_start", "index": 0, "content_block": block})
            + self._event({"type": "ping"})
        )

    def piece(self, model: str, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return self._event({"type": "content_block_delta", "index": 0, "delta": delta})

    def closing(self, model: str, pieces: int, *, usage: bool) -> bytes:
        counted = {"usage": {"output_tokens": pieces + 2}} if usage else {}
        ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, **counted}
        return (
            self._event({"type": "content_block_stop", "index": 0})
            + self._event(ended)
            + self._event({"type": "message_stop"})
        )

    def error(self, kind: str, message: str) -> bytes:
        return self._event({"type": "error", "error": {"type": kind, "message": message}})

    def _event(self, value: dict[str, Any]) -> bytes:
        return f"event: {value['type']}\n".encode() + _data(value)


def pieces(count: int) -> Sequence[str]:
    return [f"t{n} " for n in range(count)]
