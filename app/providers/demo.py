"""The built-in model: needs nothing, says what it is, and remembers the conversation."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

from app.errors import ModelNotFound
from app.events import (
    Finish,
    FinishReason,
    ModelEvent,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    Usage,
    UsageReport,
)
from app.messages import Message
from app.profiles import Profile, Table
from app.providers.base import ModelRequest
from app.providers.demo_extraction import formed
from app.providers.demo_replies import reply
from app.providers.demo_tools import called, told
from app.providers.profiles import Profiles

_CALL = "call_demo"
_PIECE = re.compile(r"\s*\S{1,12}")


class Demo:
    """Deterministic: the same conversation gets the same answer. Streams at a human pace."""

    name = "demo"

    def __init__(self, tokens_per_second: float = 25.0, profiles: Table | None = None) -> None:
        self._pause = 1 / tokens_per_second
        self._profiles = Profiles(self.name, 8192, profiles)

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        if request.model != "demo":
            raise ModelNotFound(
                f"There is only one demo model, demo/demo, and no {request.model}.",
                provider=self.name,
                model=request.model,
            )
        said = [message.text for message in request.messages if message.role == "user"]
        tool, written = called(request) or (None, _written(request, said))
        pieces = _pieces(written)
        limit = request.max_output_tokens or len(pieces)
        for piece in pieces[:limit]:
            time.sleep(self._pause)
            yield [ToolInputDelta(_CALL, tool.name, piece) if tool else TextDelta(piece)]
        counted = Usage(
            input_tokens=self.count(request),
            output_tokens=min(limit, len(pieces)),
        )
        if tool:
            yield [ToolCall(_CALL, tool.name, "".join(pieces[:limit]))]
        whole: FinishReason = "tool_calls" if tool else "stop"
        yield [UsageReport(counted), Finish("length" if limit < len(pieces) else whole)]

    def count(self, request: ModelRequest) -> int:
        return sum(len(_pieces(text)) for text in _texts(request))

    def models(self) -> Sequence[str]:
        return ["demo"]

    def default_model(self) -> str:
        return "demo"

    def profile(self, model: str) -> Profile:
        return self._profiles.of(model)

    def close(self) -> None:
        """There is nothing to close."""


def _written(request: ModelRequest, said: list[str]) -> str:
    if request.output is not None:
        return formed(said[-1] if said else "", request.output.schema or {})
    return told(request) or reply(said, request.system)


def _pieces(text: str) -> list[str]:
    """Cut into words and parts of words, much as a tokenizer does; joined they are the text."""
    pieces = _PIECE.findall(text)
    rest = text[sum(map(len, pieces)) :]
    return [*pieces, rest] if rest else pieces


def _texts(request: ModelRequest) -> list[str]:
    system = [request.system] if request.system else []
    return system + [_text(message) for message in request.messages]


def _text(message: Message) -> str:
    return message.text
