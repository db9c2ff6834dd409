"""One answer of a model, as it is heard: its words into the log, its calls for us to carry out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.errors import OutputTooLong
from app.events import (
    Answer,
    Finish,
    FinishReason,
    ModelEvent,
    ReasoningDelta,
    ReasoningSignature,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    UsageReport,
)
from app.messages import Message, Part, ReasoningPart, TextPart, ToolCallPart
from app.services.agents.journal import Journal
from app.services.settlement import Figures


class Heard:
    """`begun` once the model has said anything. `size` is in bytes."""

    def __init__(self, journal: Journal, most_bytes: int) -> None:
        self.figures = Figures()
        self.begun = False
        self.calls: list[ToolCall] = []
        self._journal = journal
        self._most_bytes = most_bytes
        self._size = 0
        self._written: list[str] = []
        self._text: list[str] = []
        self._thoughts: list[Part] = []
        self._thought: list[str] = []

    def __call__(self, batches: Iterable[Sequence[ModelEvent]]) -> None:
        """Raises what the provider does, and OutputTooLong."""
        for batch in batches:
            self.begun = True
            if spoken := [event for event in batch if self._hear(event)]:
                self._journal.say(spoken)  # type: ignore[arg-type]  # what `_hear` says is Spoken
            if self._size > self._most_bytes:
                raise OutputTooLong(
                    f"The answer is longer than the {self._most_bytes} bytes that one may be."
                )

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def finish(self) -> FinishReason | None:
        return self.figures.finish.reason if self.figures.finish else None

    @property
    def answer(self) -> Answer:
        """All that was said, for its tokens to be counted."""
        said = self.text + "".join(self._written)
        thought = "".join(part.text for part in self._thoughts if isinstance(part, ReasoningPart))
        return Answer(start=None, text=said, reasoning=thought + "".join(self._thought), end=None)

    def message(self, calls: Sequence[ToolCall]) -> Message:
        """As it is sent back, with what was thought, which some vendors ask for."""
        text = (TextPart(self.text),) if self.text.strip() else ()
        called = (ToolCallPart(c.call_id, c.name, c.arguments) for c in calls)
        return Message("assistant", (*self._thoughts, *text, *called))

    def _hear(self, event: ModelEvent) -> bool:
        """Whether it was spoken."""
        match event:
            case TextDelta(text):
                self._text.append(text)
                self._size += len(text.encode())
                return True
            case ReasoningDelta(text):
                self._thought.append(text)
                self._size += len(text.encode())
                return True
            case ReasoningSignature(signature, redacted):
                self._thoughts.append(ReasoningPart("".join(self._thought), signature, redacted))
                self._thought = []
            case ToolInputDelta():
                self._written.append(event.text)
                self._size += len(event.text.encode())
            case ToolCall():
                self.calls.append(event)
            case UsageReport(usage):
                self.figures.usage = usage
            case Finish():
                self.figures.finish = event
        return False
