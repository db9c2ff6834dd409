"""Tool calls while a model writes them: arguments come in pieces that are cut anywhere."""

from __future__ import annotations

from typing import Any

import msgspec

from app.events import ModelEvent, ToolCall, ToolInputDelta
from app.ids import new_id
from app.providers.surrogates import SurrogateJoiner


class StreamedCall:
    """One call. `default` is what its arguments are if none are written."""

    def __init__(
        self, call_id: str | None, name: str, into: list[ModelEvent], default: str = "{}"
    ) -> None:
        self.call_id = call_id or new_id("call")  # some servers give none
        self.name = name
        self._default = default
        self._written: list[str] = []
        self._joiner = SurrogateJoiner()
        into.append(ToolInputDelta(self.call_id, name, ""))

    def feed(self, arguments: str, into: list[ModelEvent]) -> None:
        if text := self._joiner.feed(arguments):
            self._written.append(text)
            into.append(ToolInputDelta(self.call_id, self.name, text))

    def close(self, into: list[ModelEvent]) -> None:
        """Append the ToolCall: the model has written all of it."""
        self.feed(self._joiner.flush(), into)
        written = "".join(self._written)
        arguments = written if written.strip() else self._default
        into.append(ToolCall(self.call_id, self.name, arguments))


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None  # a few servers send it decoded


class CallPiece(msgspec.Struct):
    """A member of `delta.tool_calls`. OpenAI sends id and name in a call's first piece alone."""

    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class StreamedCalls:
    """The calls of one answer in OpenAI's format, by the pieces that its servers send.

    Pieces of a call share an index. Some servers say 0 for every call, and some nothing; they send
    whole calls, so there a name with another id begins the next one. Another id alone does not:
    some servers make one up for every piece.
    """

    def __init__(self) -> None:
        self._calls: list[StreamedCall] = []
        self._latest: dict[int, StreamedCall] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, piece: CallPiece, into: list[ModelEvent]) -> None:
        function = piece.function or _Function()
        call = self._known(piece, function.name) or self._begin(piece, function.name, into)
        if arguments := function.arguments:
            text = arguments if isinstance(arguments, str) else _encoded(arguments)
            call.feed(text, into)

    def close(self, into: list[ModelEvent]) -> None:
        """Append the ToolCalls, in the order in which they were begun."""
        for call in self._calls:
            call.close(into)

    def _known(self, piece: CallPiece, name: str | None) -> StreamedCall | None:
        if piece.index is None:
            call = self._calls[-1] if self._calls else None
        else:
            call = self._latest.get(piece.index)
        begins = name and (piece.id or piece.index is None)
        return None if call and begins and piece.id != call.call_id else call

    def _begin(self, piece: CallPiece, name: str | None, into: list[ModelEvent]) -> StreamedCall:
        call = StreamedCall(piece.id, name or "", into)
        self._calls.append(call)
        if piece.index is not None:
            self._latest[piece.index] = call
        return call


def _encoded(arguments: dict[str, Any]) -> str:
    return msgspec.json.encode(arguments).decode()
