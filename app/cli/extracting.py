"""What `flask extract` does between its options and its report."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click

from app.accounts import Account
from app.cli.context import services, working
from app.cli.named import form_of, shape_of
from app.cli.texts import Texts
from app.services.batches.batch import Batch, Document, Outcome, Totals
from app.services.batches.digests import digest
from app.services.batches.results import Results
from app.services.batches.work import Work
from app.services.extraction.request import Request

# Whoever has a shell on this machine is the owner of what is kept without a key.
ACCOUNT = Account(owner="local")
_GOODBYE = 5.0  # seconds for calls under way to be ended and booked


@dataclass(frozen=True)
class Task:
    """What is asked of each document, and within what."""

    request: Request
    budget_usd: Decimal | None
    at_once: int


class Job:
    """The files of a command on their way into `out`. `known` results were there before."""

    def __init__(self, task: Task, out: Path, names: Sequence[str]) -> None:
        self.totals = Totals()
        self.failures: list[tuple[str, str]] = []
        self.reason = ""  # why documents were skipped
        self.interrupted = False
        self._task = task
        self._texts = Texts()
        self._digests: dict[str, str] = {}
        self._shape = shape_of(task.request.schema)
        self._model = services().models.resolve(task.request.model)[0].model.id
        self._results = Results(out, form_of(out, self._shape["schema"]), names)
        self._due = [name for name in names if not self._is_there(name)]
        self.known = len(names) - len(self._due)

    def run(self) -> None:
        """Return when all is done, or an interrupt has come."""
        task = self._task
        batch = Batch(
            documents=self._documents(),
            asked=task.request,
            budget_usd=task.budget_usd,
            at_once=task.at_once,
        )
        work = working().batches.begin(ACCOUNT, batch)
        try:
            with self._interruptible(work), _bar(len(self._due)) as bar:
                for outcome in work.outcomes():
                    if outcome is not None:
                        self._keep(outcome)
                        bar.update(1)
        finally:
            work.stop()
            if work.stopped:
                services().live.drain(_GOODBYE)

    def _keep(self, outcome: Outcome) -> None:
        self.totals = self.totals.adding(outcome)
        said = str((outcome.problem or {}).get("detail", ""))
        if outcome.status == "skipped":
            self.reason = said
            return
        if outcome.status == "failed":
            self.failures.append((outcome.id, said))
        self._results.add(self._digests[outcome.id], outcome)

    def _documents(self) -> Iterator[Document]:
        for name in self._due:
            text = self._texts.read(name)
            self._digests[name] = self._digest(text) if isinstance(text, str) else ""
            yield Document(name, text)

    def _is_there(self, name: str) -> bool:
        text = self._texts.read(name)
        return isinstance(text, str) and (name, self._digest(text)) in self._results.done

    def _digest(self, text: str) -> str:
        return digest(text, self._shape, self._model, self._task.request.locale)

    @contextmanager
    def _interruptible(self, work: Work) -> Iterator[None]:
        """Ctrl-C lets a row that is being written be finished."""

        def stop(*_: object) -> None:
            self.interrupted = True
            work.stop()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._results.close()


def _bar(length: int) -> Any:
    return click.progressbar(
        length=length, label="Extracting", file=sys.stderr, show_pos=True, hidden=not length
    )
