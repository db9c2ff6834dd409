"""One answer of a model, as it is heard: the call of our tool, and whatever else it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from app.errors import OutputTooLong
from app.events import (
    Answer,
    Finish,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    UsageReport,
)
from app.evidence.issues import Issue
from app.services.extraction.partials import Partials
from app.services.extraction.prompting import TOOL, Refused
from app.services.settlement import Figures


class Heard:
    """`begun` once the model has said anything.

    Of several calls of our tool the first counts; no other tool is ever called.
    """

    def __init__(self, most_bytes: int) -> None:
        self.figures = Figures()
        self.begun = False
        self._most_bytes = most_bytes
        self._call_id: str | None = None
        self._call: ToolCall | None = None
        self._written: list[str] = []
        self._text: list[str] = []
        self._thought: list[str] = []
        self._others: list[str] = []
        self._size = 0
        self._partials: Partials | None = None

    def __call__(
        self, batches: Iterable[Sequence[ModelEvent]], partials: Partials | None = None
    ) -> None:
        """Raises what the provider does, and OutputTooLong."""
        self._partials = partials
        for batch in batches:
            self.begun = True
            for event in batch:
                self._hear(event)
            if self._size > self._most_bytes:
                raise OutputTooLong(
                    f"The answer is longer than the {self._most_bytes} bytes that one may be."
                )
            if partials is not None and self._written:
                partials.show(ended=self._call is not None)

    @property
    def answer(self) -> Answer:
        """All that was said, for its tokens to be counted."""
        said = "".join([*self._text, *self._written])
        return Answer(start=None, text=said, reasoning="".join(self._thought), end=None)

    def value(self) -> tuple[Any, Sequence[Issue]]:
        """The arguments of the call, or why there are none. A text is never read as data."""
        if self._call is None:
            return None, [self._no_call()]
        try:
            return msgspec.json.decode(self._call.arguments), []
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return None, [self._no_json()]

    def refused(self, issues: Sequence[Issue]) -> Refused:
        """The same as the model is shown it, with what is wrong."""
        value, _ = self.value()
        written = self._call.arguments if self._call else ""
        if isinstance(value, dict):
            return Refused(written, "", issues)
        return Refused(None, written or "".join(self._text), issues)

    def mark(self) -> bytes:
        """The same for the same answer, however it is written."""
        value, wrong = self.value()
        if wrong:
            return (self._call.arguments if self._call else "".join(self._text)).encode()
        return msgspec.json.encode(value, order="sorted")

    def _hear(self, event: ModelEvent) -> None:
        match event:
            case ToolInputDelta(call_id, name, text) if name == TOOL:
                self._call_id = self._call_id or call_id
                if call_id == self._call_id:
                    self._write(text)
                self._size += len(text.encode())
            case ToolInputDelta():
                self._size += len(event.text.encode())
            case TextDelta(text):
                self._text.append(text)
                self._size += len(text.encode())
            case ReasoningDelta(text):
                self._thought.append(text)
                self._size += len(text.encode())
            case ToolCall(_, name, _) if name != TOOL:
                self._others.append(name)
            case ToolCall():
                self._call = self._call or event
            case UsageReport(usage):
                self.figures.usage = usage
            case Finish():
                self.figures.finish = event

    def _write(self, text: str) -> None:
        self._written.append(text)
        if self._partials is not None:
            self._partials.add(text)

    def _no_call(self) -> Issue:
        if self._others:
            said = f"There is no tool {self._others[0][:80]!r}. Call {TOOL}, and no other."
            return Issue((), "wrong_tool", said)
        if self._reason == "content_filter":
            return Issue((), "content_filter", "The provider's filter has stopped the answer.")
        said = f"The answer is a text, which is not read as data. Call the tool {TOOL}."
        return Issue((), "no_tool_call", said)

    def _no_json(self) -> Issue:
        if self._reason == "length":
            said = "The answer was cut at the limit of its length. Raise max_output_tokens."
            return Issue((), "cut_at_limit", said)
        return Issue((), "not_json", "The arguments of the call are not valid JSON.")

    @property
    def _reason(self) -> str | None:
        return self.figures.finish.reason if self.figures.finish else None
