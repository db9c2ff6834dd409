"""One answer from a chain of models: retries, fallbacks and the breaker under one budget.

A model that fails before it has said anything is followed by the next of its chain at once; when
all have failed those that may recover are asked again, after a wait. From the first token on
there is no way back: what breaks then is the caller's to know.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import gevent
import msgspec
import structlog

from app.errors import ContextTooLong, Paused, ProviderError, ProviderTimeout
from app.events import ModelEvent, Usage, UsageReport, collect
from app.metering.meter import Ended, Meter, Planned
from app.metrics import Metrics
from app.providers.base import Breakers, ModelRequest
from app.services.models import Candidate, Model
from app.services.settlement import Figures, bound_of, settled
from app.storage.database import Transaction

log = structlog.get_logger()


@dataclass(frozen=True)
class RetryBudget:
    """Of one answer: calls to providers in all, the longest wait between two, in seconds (0: nobody
    is asked again), and the first wait's length, which doubles each time.
    """

    calls: int = 4
    longest_wait: float = 30.0
    first_wait: float = 0.5


@dataclass(frozen=True)
class Composed:
    """A request as one model gets it, and how many of the oldest turns had no room in it."""

    request: ModelRequest
    truncated_turns: int


class Attempts:
    """`answer` is used once. `answering` and `composed` are of the model that is asked last."""

    cached = False

    def __init__(
        self,
        candidates: Sequence[Candidate],
        compose: Callable[[Candidate], Composed],
        breakers: Breakers,
        budget: RetryBudget,
        meter: Meter,
        metrics: Metrics,
        deadline: float,
    ) -> None:
        self.answering = candidates[0]
        self.composed = compose(candidates[0])
        self.candidates = candidates
        self._compose = compose
        self._breakers = breakers
        self._budget = budget
        self._meter = meter
        self.metrics = metrics
        self._deadline = deadline
        self._calls = 0
        self._asked: tuple[str, ...] = ()  # the models, each time
        self._heard = False
        self._entered = False
        self._usage: Usage | None = None

    def enter(self, tx: Transaction) -> None:
        """Enter the first call into the ledger, unless it may have to wait for its money.

        Raises BudgetSpent, UnpricedModel.
        """
        if self._meter.may_wait:
            return
        self._clamp(self._meter.begin(tx, self._planned()))
        self._entered = True

    @contextmanager
    def answer(self) -> Iterator[Iterable[Sequence[ModelEvent]]]:
        """The batches of an answer that has begun.

        Raises:
            ProviderError: there is nobody left to ask, or no time.
            BudgetSpent: there is no money for another call.
        """
        due, again, wait = list(self.candidates), [], self._budget.first_wait
        failure: ProviderError | None = None
        while True:
            candidate = due.pop(0)
            try:
                with self._called(candidate) as batches:
                    yield batches
                return
            except ProviderError as error:
                if self._heard:
                    raise
                self._failed(candidate, error)
                if _final(error):
                    raise
                if failure is None or not isinstance(error, Paused):  # what failed says more
                    failure = error
                if isinstance(error, ContextTooLong):
                    due = [c for c in due if c.longer]
                elif error.retryable and not isinstance(error, Paused):
                    again.append((candidate, error))
                if self._calls >= self._budget.calls or not (due or again):
                    raise failure from None
                if not due:
                    self._wait(failure, again, wait)
                    due, again, wait = [c for c, _ in again], [], wait * 2

    @contextmanager
    def _called(self, candidate: Candidate) -> Iterator[Iterable[Sequence[ModelEvent]]]:
        if candidate is not self.answering:
            self.composed, self.answering = self._compose(candidate), candidate
        model, self._usage = candidate.model, None
        with self._breakers.call(model.provider.name, model.name) as call:
            if not self._entered:
                self._clamp(self._meter.next(self._planned()))
            self._entered = False
            self._calls += 1
            self._count(model)
            self._meter.calling()
            stream: Any = model.provider.stream(self.composed.request)
            try:
                opening = self._opening(stream)
                call.heard()
                self._meter.first_token()
                self._heard = True
                # Chained, because a layer of our own would be passed through for every token.
                yield chain([opening], stream)
            finally:
                stream.close()

    def _count(self, model: Model) -> None:
        if model.id in self._asked:
            self.metrics.retries.labels(model.provider.name).inc()
        elif self._asked:
            self.metrics.fallbacks.labels(model.provider.name).inc()
        self._asked += (model.id,)

    def _planned(self) -> Planned:
        request, model = self.composed.request, self.answering.model
        return Planned(
            model.provider.name,
            model.name,
            lambda: bound_of(request, model.id),
            request.max_output_tokens,
        )

    def _clamp(self, output: int | None) -> None:
        """Ask for no more than there is money for."""
        request = self.composed.request
        if output != request.max_output_tokens:
            request = msgspec.structs.replace(request, max_output_tokens=output)
            self.composed = replace(self.composed, request=request)

    def _opening(self, stream: Iterator[Sequence[ModelEvent]]) -> Sequence[ModelEvent]:
        """Up to the first word. Figures that come before it belong to a call that may yet fail."""
        opening: list[ModelEvent] = []
        for batch in stream:
            self._meter.made()
            opening += batch
            if not all(isinstance(event, UsageReport) for event in batch):
                break
            if batch:
                self._usage = batch[-1].usage  # type: ignore[union-attr]
        return opening

    def _wait(
        self, error: ProviderError, failed: Sequence[tuple[Candidate, ProviderError]], wait: float
    ) -> None:
        """Full jitter, but never before all have asked to be left alone for. Raises `error`."""
        longest = self._budget.longest_wait
        jitter = random.uniform(0, min(wait, longest))  # noqa: S311  # no secret hangs on it
        pause = max(jitter, min(e.retry_after or 0.0 for _, e in failed))
        if not longest or pause > longest or time.monotonic() + pause > self._deadline:
            raise error
        with self.metrics.waiting.track_inprogress():
            gevent.sleep(pause)
        self.metrics.retry_wait.observe(pause)

    def _failed(self, candidate: Candidate, error: ProviderError) -> None:
        """Nothing was said, and the call is over."""
        model = candidate.model
        if isinstance(error, Paused):
            self._entered = False
        else:
            figures = Figures(self._usage, None, error)
            usage = settled(figures, collect([]), self.composed.request)
            cost = self._meter.prices.cost(model.provider.name, model.name, usage)
            self._meter.ended(Ended("failed", usage, cost, code=error.code))
        self.metrics.failed_calls.labels(model.provider.name, error.code).inc()
        log.warning(
            "call_failed",
            model=model.id,
            code=error.code,
            upstream_status=error.upstream_status,
            upstream_request_id=error.upstream_request_id,
            call=self._calls,
        )


def _final(error: ProviderError) -> bool:
    """Nobody else could do better: the request itself is wrong, or its time is up."""
    if isinstance(error, ProviderTimeout) and error.limit == "deadline":
        return True
    return not error.elsewhere and not isinstance(error, ContextTooLong)
