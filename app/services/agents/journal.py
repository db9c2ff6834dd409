"""What a run tells while it goes on, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from app.errors import Unavailable
from app.events import (
    AgentStep,
    Approval,
    Event,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCall,
    ToolResult,
)
from app.messages import Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from app.runs import codec
from app.runs.run import Run
from app.services.relay import Place
from app.storage import run_logs
from app.storage.database import Database, Transaction

log = structlog.get_logger()

Spoken = TextDelta | ReasoningDelta


class Journal:
    """`parts` is the answer as it will be stored, `kept` how many events the database has."""

    def __init__(
        self, run: Run, place: Place, database: Database, parts: Sequence[Part] = (), kept: int = 0
    ) -> None:
        self.kept = kept
        self.place = place
        self._run = run
        self._database = database
        self._parts = list(parts)
        self._began = bool(run.events)
        self._spoke = any(isinstance(part, TextPart) for part in parts)
        self._fresh = True  # nothing has been said yet in this step
        self._text: list[str] = []
        self._thought: list[str] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        self._gather()
        return tuple(self._parts)

    def begin(self, model: str, truncated_turns: int = 0) -> None:
        """Say who answers, as soon as it is sure, and before anything else."""
        if self._began:
            return
        self._began = True
        place = self.place
        self._run.append(
            [
                Start(
                    run_id=self._run.id,
                    conversation_id=self._run.conversation_id,
                    message_id=place.message_id,
                    user_message_id=place.question_id,
                    parent_id=place.above_id,
                    model=model,
                    truncated_turns=truncated_turns,
                )
            ]
        )

    def next_step(self) -> None:
        self._fresh = True

    def say(self, spoken: Sequence[Spoken]) -> None:
        """What the model says, with an empty line between what it says in two steps."""
        events: list[Spoken] = list(spoken)
        if any(isinstance(event, TextDelta) for event in spoken):
            if self._fresh and self._spoke:
                events.insert(0, TextDelta("\n\n"))
            self._fresh, self._spoke = False, True
        for event in events:
            (self._text if isinstance(event, TextDelta) else self._thought).append(event.text)
        self._run.append(events)

    def called(self, calls: Sequence[ToolCall]) -> None:
        self._gather()
        self._parts += [ToolCallPart(c.call_id, c.name, c.arguments) for c in calls]
        self._run.append(calls)

    def told(self, result: ToolResult, text: str) -> None:
        """What came of a call: as readers see it, and as the model does."""
        self._gather()
        failed = result.error is not None
        self._parts.append(ToolResultPart(result.call_id, text, failed))
        self._run.append([result])

    def approved(self, approvals: Sequence[Approval]) -> None:
        self._run.append(approvals)

    def stepped(self, step: AgentStep) -> None:
        """Write down what there is. Without the database it is written later."""
        self._run.append([step])
        try:
            self._database.write(self.keep)
        except Unavailable:
            log.warning("step_not_kept", run_id=self._run.id)
        else:
            self.kept = len(self._run.events)

    def keep(self, tx: Transaction) -> None:
        """Write what is not written yet; `kept` is for the caller to set, who commits."""
        if rest := self.rest():
            run_logs.add(tx, self._run.id, self.kept, rest)

    def rest(self, *end: Event) -> bytes:
        """What is not written yet, and what is about to come."""
        events = [*self._run.events[self.kept :], *end]
        return codec.encode(events) if events else b""

    def _gather(self) -> None:
        if self._thought:
            self._parts.append(ReasoningPart("".join(self._thought)))
        if self._text:
            self._parts.append(TextPart("".join(self._text)))
        self._text, self._thought = [], []
