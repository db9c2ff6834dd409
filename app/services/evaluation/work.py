"""Asking all the questions: some at a time, within a budget, until it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import gevent

from app.accounts import Account
from app.errors import BudgetSpent, ParleyError, ShuttingDown, TooMany
from app.events import Done, Failure, TextDelta
from app.messages import Message, TextPart
from app.metering.purse import Purse, Share
from app.runs.reader import Reader
from app.runs.run import Run
from app.services.completions.completion import Completion
from app.services.completions.completions import Completions
from app.services.evaluation.answers import Answer, Answers
from app.services.evaluation.questions import Question, Set

# Seconds that a question waits for the limits of the installation to have room again.
_PATIENCE, _NEXT_TRY = 300.0, 2.0
# What ends the whole work, and is nothing that a model has said.
_OVER = (BudgetSpent, ShuttingDown)


class Work:
    """`over` is why not all was asked. `told` hears of each answer once it is on the disk."""

    def __init__(
        self,
        completions: Completions,
        account: Account,
        asked: Set,
        answers: Answers,
        budget_usd: Decimal | None,
        told: Callable[[Answer], None],
    ) -> None:
        self.over: ParleyError | None = None
        self._completions = completions
        self._account = account
        self._asked = asked
        self._answers = answers
        self._purse = None if budget_usd is None else Purse(budget_usd)
        self._told = told
        self._workers: list[gevent.Greenlet[[], None]] = []

    def run(self, questions: Sequence[Question], at_once: int) -> None:
        """Return when all are answered, or there is no money for more, or it was stopped."""
        left = iter(questions)

        def work() -> None:
            for question in left:
                if self.over is not None:
                    return
                self._work(question)

        self._workers = [gevent.spawn(work) for _ in range(at_once)]
        gevent.joinall(self._workers, raise_error=True)

    def stop(self) -> None:
        """Ask no more, and let go of the models that are asked. From whichever greenlet."""
        gevent.killall(self._workers, block=False)

    def _work(self, question: Question) -> None:
        share = Share(self._purse) if self._purse else None
        try:
            answer = self._answer(question, replace(self._account, allowance=share))
        except _OVER as error:
            self.over = self.over or error
            return
        finally:
            if share is not None:
                share.close()
        self._answers.add(answer)
        self._told(answer)

    def _answer(self, question: Question, account: Account) -> Answer:
        """Raises BudgetSpent, ShuttingDown; any other problem is an answer as well."""
        began = time.monotonic()
        try:
            return _heard(question, self._started(question, account))
        except _OVER:
            raise
        except ParleyError as error:
            told = {"code": error.code, "detail": error.detail}
            return _told(question, latency_ms=_since(began), **told)

    def _started(self, question: Question, account: Account) -> Run:
        """Waits where a limit of the installation leaves no room at the moment."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._completions.start(account, self._completion(question))
            except TooMany as error:
                pause = error.retry_after or _NEXT_TRY
                if time.monotonic() + pause > deadline:
                    raise
                gevent.sleep(pause)

    def _completion(self, question: Question) -> Completion:
        return Completion(
            messages=(Message("user", (TextPart(question.prompt),)),),
            system=question.system,
            model=question.model,
            temperature=self._asked.temperature,
            max_output_tokens=self._asked.max_output_tokens,
            kept=False,
            door="evaluate",
        )


def _heard(question: Question, run: Run) -> Answer:
    """The run's whole text and how it ended. Raises BudgetSpent, ShuttingDown."""
    began, first, text = time.monotonic(), None, []
    reader = Reader(run)
    try:
        for batch in reader.follow():
            for event in batch:
                if isinstance(event, TextDelta):
                    first = _since(began) if first is None else first
                    text.append(event.text)
    finally:
        reader.close()
    told = {"text": "".join(text), "latency_ms": _since(began), "first_token_ms": first}
    return _told(question, **told, **_ending(run))


def _ending(run: Run) -> dict[str, Any]:
    end = run.events[-1]
    if isinstance(end, Failure):
        for kind in _OVER:
            if end.problem.code == kind.code:
                raise kind(end.problem.detail)
        return {"code": end.problem.code, "detail": end.problem.detail}
    assert isinstance(end, Done)
    return {
        "finish_reason": end.finish_reason,
        "input_tokens": end.usage.input_tokens,
        "output_tokens": end.usage.output_tokens,
        "cost_usd": None if end.cost_usd is None else float(end.cost_usd),
    }


def _told(question: Question, **told: Any) -> Answer:
    return Answer(
        digest=question.digest,
        case=question.case.id,
        model=str(question.model),
        labels=dict(question.labels),
        number=question.number,
        **told,
    )


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
