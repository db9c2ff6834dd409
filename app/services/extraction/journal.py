"""What an extraction tells while it goes on, and what is known of it at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from app.events import Began, Partial, Step
from app.evidence.issues import Issue
from app.runs.run import Run
from app.services.extraction.reporting import issues
from app.services.extraction.result import Attempt, Known, cost, total


class Journal:
    """`model` is asked first; `partials`: somebody wants to see the data before it is whole."""

    def __init__(self, run: Run, model: str, *, partials: bool) -> None:
        self.partials = partials
        self._run = run
        self._model = model
        self._began = False
        self._steps = 0
        self._attempts: list[Attempt] = []
        self._candidate: Any = None
        self._issues: Sequence[Issue] = ()

    @property
    def attempts(self) -> Sequence[Attempt]:
        return sorted(self._attempts, key=lambda attempt: (attempt.part, attempt.number))

    def begin(self, model: str | None = None) -> None:
        """Say who answers, as soon as it is sure, and before anything else."""
        if not self._began:
            self._began = True
            self._run.append([Began(self._run.id, model or self._model)])

    def partial(self, data: Any, part: int, attempt: int) -> None:
        said = msgspec.json.encode(data).decode()
        self._run.weight += len(said)
        self._run.append([Partial(said, part, attempt)])

    def step(self, summary: str, part: int, attempt: int, code: str) -> None:
        self.begin()
        self._steps += 1
        self._run.append([Step(self._steps, summary, part, attempt, code)])

    def attempted(self, attempt: Attempt) -> None:
        self._attempts.append(attempt)

    def rejected(self, candidate: Any, found: Sequence[Issue]) -> None:
        self._candidate, self._issues = candidate, found

    def known(self) -> Known:
        return Known(
            candidate=self._candidate,
            issues=issues(self._issues),
            attempts=self.attempts,
            usage=total([attempt.usage for attempt in self._attempts]),
            cost_usd=cost([attempt.cost_usd for attempt in self._attempts]),
        )
