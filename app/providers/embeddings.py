"""OpenAI's embeddings on the wire, and those of all that speak its format."""

from __future__ import annotations

from typing import Any

import msgspec

from app.errors import ProtocolBroken
from app.providers.base import Embedded, EmbeddingRequest
from app.providers.faults import Origin
from app.providers.wire import UNREADABLE


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None


class _Answer(msgspec.Struct):
    data: msgspec.Raw
    usage: _Usage | None = None


_list = msgspec.json.Decoder(list[msgspec.Raw])


def body(request: EmbeddingRequest) -> dict[str, Any]:
    """The JSON to post."""
    optional = {"dimensions": request.dimensions, "encoding_format": request.encoding}
    return {
        "model": request.model,
        "input": list(request.texts),
        **{name: value for name, value in optional.items() if value is not None},
    }


def read(content: bytes, origin: Origin, count: int) -> Embedded:
    """What came, with the vectors as they were written. Raises ProtocolBroken."""
    try:
        answer = msgspec.json.decode(content, type=_Answer)
        found = len(_list.decode(answer.data))
    except UNREADABLE as error:
        raise _broken(origin, "something that is no list of vectors") from error
    if found != count:
        raise _broken(origin, f"{found} vectors, and {count} were asked for")
    tokens = answer.usage.prompt_tokens if answer.usage else None
    return Embedded(msgspec.Raw(bytes(answer.data)), tokens)


def _broken(origin: Origin, said: str) -> ProtocolBroken:
    return ProtocolBroken(f"{origin.provider} answered with {said}.", **origin.kwargs())
