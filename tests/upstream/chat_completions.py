"""OpenAI's chat completions: what is sent for an answer.

Without a bill 10 tokens of input of which 4 were cached, a token for each piece, and 2 more of
reasoning.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from tests.upstream.answers import Call
from tests.upstream.bill import Bill
from tests.upstream.frames import data

_PING = b": ping\n\n"


class ChatCompletions:
    vendor = "openai"

    def __init__(self, bill: Bill | None = None) -> None:
        self._bill = bill

    def opening(self, model: str, *, usage: bool = True) -> bytes:
        return self._chunk(model, {"role": "assistant", "content": ""})

    def piece(self, model: str, text: str, *, block: int = 0) -> bytes:
        return self._chunk(model, {"content": text})

    def closing(
        self, model: str, pieces: int, *, usage: bool, reason: str = "stop", block: int = 0
    ) -> bytes:
        counted = {
            "prompt_tokens": 10,
            "completion_tokens": pieces + 2,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2},
        }
        counted = self._bill.chat_completions() if self._bill else counted
        last = data({"model": model, "choices": [], "usage": counted}) if usage else b""
        return self._chunk(model, {}, reason) + last + b"data: [DONE]\n\n"

    def thinking(self, model: str, thoughts: Sequence[str]) -> list[bytes]:
        """The opening of an answer that begins with reasoning, as DeepSeek and vLLM send it."""
        said = [self._chunk(model, {"reasoning_content": text}) for text in thoughts]
        return [self._chunk(model, {"role": "assistant", "content": None}), *said]

    def calling(self, model: str, calls: Sequence[Call]) -> list[bytes]:
        """The opening of an answer that calls tools. Pieces of parallel calls take turns."""
        begun = [
            {"id": f"call_{n}", "type": "function", "function": {"name": c.name, "arguments": ""}}
            for n, c in enumerate(calls)
        ]
        frames = [self._call(model, n, call) for n, call in enumerate(begun)]
        for row in zip_longest(*(call.pieces for call in calls)):
            frames += [
                self._call(model, n, {"function": {"arguments": text}})
                for n, text in enumerate(row)
                if text
            ]
        return [self._chunk(model, {"role": "assistant", "content": None}), *frames]

    def ping(self) -> bytes:
        return _PING

    def error(self, kind: str, message: str) -> bytes:
        return data({"error": {"type": kind, "message": message}})

    def _call(self, model: str, index: int, call: dict[str, Any]) -> bytes:
        return self._chunk(model, {"tool_calls": [{"index": index, **call}]})

    def _chunk(self, model: str, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return data(
            {"id": "c1", "object": "chat.completion.chunk", "model": model, "choices": [choice]}
        )
