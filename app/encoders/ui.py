"""The AI SDK's UI message stream, version 1."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from app.encoders import sse
from app.encoders.ui_chunks import Chunks
from app.events import (
    Approval,
    Done,
    Event,
    Failure,
    Parked,
    ReasoningDelta,
    TextDelta,
    ToolInputDelta,
)

HEADERS = {"x-vercel-ai-ui-message-stream": "v1"}


class UiStream(sse.EventStream):
    """For one reader, who must begin with the run's first event.

    What came together goes out as one delta: who comes late gets few and long ones. With calls that
    were `decided` about it is for somebody who has seen what came before that: theirs begins there.
    """

    def __init__(
        self, connection: sse.Connection | None = None, decided: Collection[str] = ()
    ) -> None:
        self._chunks = Chunks()
        self._decided = decided
        super().__init__(self._told, 0, connection)

    def _framed(self, batch: Sequence[Event]) -> str:
        try:
            said = super()._framed(batch if len(batch) == 1 else list(merged(batch)))
        except Exception:
            self._chunks.forget()
            raise
        # Nothing at all would end the answer, which goes out in pieces with their length.
        return said or sse.HEARTBEAT.decode()

    def _told(self, number: int, event: Event) -> str:
        said = self._chunks.encode(number, event)
        if self._decided and not _begins(event, self._decided):
            return ""
        self._decided = ()
        return said


def _begins(event: Event, decided: Collection[str]) -> bool:
    if isinstance(event, Approval):
        return event.call_id in decided
    return isinstance(event, (Done, Parked, Failure))


def merged(batch: Iterable[Event]) -> Iterator[Event]:
    """The same, with one event for a stretch of text, of reasoning, or of one call's arguments."""
    stretch: list[str] = []
    last: Event | None = None
    for event in batch:
        if last is not None and _goes_on(last, event):
            stretch.append(event.text)  # type: ignore[union-attr]  # both are deltas
            continue
        if last is not None:
            yield _whole(last, stretch)
        last, stretch = event, []
    if last is not None:
        yield _whole(last, stretch)


def _goes_on(last: Event, event: Event) -> bool:
    if isinstance(last, ToolInputDelta) and isinstance(event, ToolInputDelta):
        return last.call_id == event.call_id
    return type(last) is type(event) and isinstance(event, (TextDelta, ReasoningDelta))


def _whole(first: Event, stretch: Sequence[str]) -> Event:
    if not stretch:
        return first
    text = "".join([first.text, *stretch])  # type: ignore[union-attr]  # it is a delta
    return msgspec.structs.replace(first, text=text)
