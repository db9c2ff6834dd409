"""OpenAI's chat completions on the wire: the chunks that come back."""

from __future__ import annotations

from typing import Any

import msgspec

from app.events import Finish, FinishReason, ModelEvent, ReasoningDelta, TextDelta, Usage
from app.events import UsageReport as Report
from app.providers.faults import Origin, from_frame
from app.providers.surrogates import SurrogateJoiner
from app.providers.tool_calls import CallPiece, StreamedCalls
from app.providers.wire import UNREADABLE, parse_leniently


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None  # DeepSeek, vLLM, llama.cpp
    reasoning: str | None = None  # Ollama, OpenRouter
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)
_decode = _decoder.decode

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


class ChatCompletions:
    """The dialect of OpenAI and of all that speak its format."""

    def __init__(self, origin: Origin) -> None:
        self.ended = False
        self._origin = origin
        self._halves = False  # whether text may be cut inside of a character
        self._joiner = SurrogateJoiner()
        self._thoughts = SurrogateJoiner()
        self._calls = StreamedCalls()
        self._reason: str | None = None

    def decode(self, data: bytes, into: list[ModelEvent]) -> None:
        if data == b"[DONE]":
            self.ended = True
            return
        try:
            chunk = _decode(data)
        except UNREADABLE:
            chunk = parse_leniently(data, _decoder, self._origin)
            self._halves = True
        if chunk.choices:
            choice = chunk.choices[0]
            delta = choice.delta
            if delta is not None:
                # The common case stands here: this runs for every token.
                if (text := delta.content) and not (self._halves or delta.tool_calls):
                    into.append(TextDelta(text))
                else:
                    self._delta(delta, into)
            if choice.finish_reason:
                self._reason = choice.finish_reason
        if chunk.usage is not None:
            into.append(Report(_usage(chunk.usage)))
        if chunk.error:
            raise from_frame(self._origin, chunk.error)

    def _delta(self, delta: _Delta, into: list[ModelEvent]) -> None:
        said = delta.content or delta.refusal
        if said and (text := self._joiner.feed(said)):
            into.append(TextDelta(text))
        thought = delta.reasoning_content or delta.reasoning
        if thought and (text := self._thoughts.feed(thought)):
            into.append(ReasoningDelta(text))
        for piece in delta.tool_calls or ():
            self._calls.feed(piece, into)

    def close(self, into: list[ModelEvent]) -> bool:
        """Whole if a finish_reason came; a few compatible servers send only `[DONE]`.

        Where a call was forced, or the server is a sloppy one, the reason of an answer with calls
        is `stop`.
        """
        if not (self._reason or self.ended):
            return False
        if rest := self._thoughts.flush():
            into.append(ReasoningDelta(rest))
        if rest := self._joiner.flush():
            into.append(TextDelta(rest))
        self._calls.close(into)
        reason = _REASONS.get(self._reason or "stop", "stop")
        into.append(Finish("tool_calls" if self._calls and reason == "stop" else reason))
        return True


def _usage(usage: _Usage) -> Usage:
    """OpenAI's prompt_tokens include the cached, its completion_tokens the reasoning."""
    prompt = usage.prompt_tokens_details or _PromptDetails()
    completion = usage.completion_tokens_details or _CompletionDetails()
    return Usage(
        input_tokens=usage.prompt_tokens,
        cached_input_tokens=prompt.cached_tokens or 0,
        output_tokens=usage.completion_tokens,
        reasoning_tokens=completion.reasoning_tokens or 0,
    )
