"""What a run's owner does: relay a model's events into the log, then end it and store it.

The answer is stored before the terminal event is appended, so whoever has read `done` finds it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

import structlog
from gevent import Timeout

from app.errors import ParleyError, ProviderError, ProviderTimeout, ShuttingDown, WorkerLost
from app.events import (
    Answer,
    Done,
    Failure,
    Source,
    Terminal,
    TextDelta,
    Usage,
    UsageReport,
    collect,
)
from app.metering.meter import Ended, Meter
from app.metrics import Metrics
from app.runs.run import Interrupted, Run
from app.services.endings import Ending, Endings
from app.services.relay import Relay
from app.services.replay import pieces_of
from app.services.settlement import message, settled, state
from app.storage.calls import State as CallState
from app.storage.messages import StoredMessage
from app.webhooks import Webhook

log = structlog.get_logger()


@dataclass(frozen=True)
class Degraded:
    """What happens when nobody answers: a text in the model's place, and a word to people."""

    message: str | None
    handover: Webhook


class Generation:
    """One run's work, done once, in a greenlet of its own."""

    def __init__(
        self,
        run: Run,
        relay: Relay,
        meter: Meter,
        *,
        endings: Endings,
        metrics: Metrics,
        seconds: float,
        degraded: Degraded,
    ) -> None:
        self._run = run
        self._relay = relay
        self._meter = meter
        self._endings = endings
        self._metrics = metrics
        self._seconds = seconds
        self._degraded = degraded
        self._request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")

    def run(self) -> Usage:
        """Returns what it came to."""
        failed = self._generate()
        self._relay.announce()
        canned = failed is not None and self._replaced(failed)
        answer = collect(self._run.events)
        usage, cost = self._cost(answer)
        end = self._end(None if canned else failed, "canned" if canned else "model", usage, cost)
        code = failed.problem.code if failed else None
        self._meter.ended(Ended(_call_state(end, failed), usage, cost, _finish(end), code))
        end = self._keep(answer, end, failed, usage, cost)
        self._run.append([UsageReport(usage, cost), end])
        self._report(end, usage)
        return usage

    def _generate(self) -> Failure | None:
        """Relay until the model is done, or something ends it. What broke becomes a Failure."""
        try:
            with self._run.interruptible(), Timeout(self._seconds, self._too_late()):
                self._relay.run()
        except Interrupted as cut:
            log.info("run_interrupted", **self._names(), cause=cut.cause)
            if cut.cause == "shutting_down":
                return self._failure(_shut_down())
        except ParleyError as error:
            self._relay.figures.fault = error if isinstance(error, ProviderError) else None
            return self._failure(error)
        except Exception:
            log.exception("run_broke", **self._names())
            return self._failure(ParleyError())
        return None

    def _replaced(self, failed: Failure) -> bool:
        """Whether a text of the configuration stands in, because no model said a word."""
        fault = self._relay.figures.fault
        if self._relay.size or fault is None or not fault.elsewhere:
            return False
        names = {"conversation_id": self._run.conversation_id, "run_id": self._run.id}
        self._degraded.handover.post("no_answer", {**names, "code": failed.problem.code})
        if self._degraded.message:
            self._run.append([TextDelta(self._degraded.message)])
        return bool(self._degraded.message)

    def _too_late(self) -> ProviderTimeout:
        model = self._relay.model
        return ProviderTimeout(
            f"The answer took longer than the {self._seconds:g} seconds that one may take.",
            limit="deadline",
            provider=model.provider.name,
            model=model.name,
        )

    def _cost(self, answer: Answer) -> tuple[Usage, Decimal | None]:
        if self._relay.origin.cached:
            return Usage(), Decimal(0)
        request, model = self._relay.origin.composed.request, self._relay.model
        said = answer if self._relay.size else collect([])
        usage = settled(self._relay.figures, said, request)
        return usage, self._meter.prices.cost(model.provider.name, model.name, usage)

    def _end(
        self, failed: Failure | None, source: Source, usage: Usage, cost: Decimal | None
    ) -> Terminal:
        if failed:
            return failed
        if source == "canned":
            return Done("stop", usage, cost, source)
        finish = self._relay.figures.finish
        source = "cache" if self._relay.origin.cached else source
        return Done(finish.reason if finish else "stopped", usage, cost, source)

    def _keep(
        self,
        answer: Answer,
        end: Terminal,
        failed: Failure | None,
        usage: Usage,
        cost: Decimal | None,
    ) -> Terminal:
        """Keep what was said. If that fails, the run has failed, whatever the model did."""
        return self._store(message(answer, end, failed, usage, cost), end)

    def _store(self, said: StoredMessage, end: Terminal) -> Terminal:
        ending = Ending(
            run_id=self._run.id,
            conversation_id=self._run.conversation_id,
            state=state(end),
            pieces=tuple(pieces_of(self._run.events)),
            message=said,
            bill=self._meter.bill(),
        )
        try:
            return end if self._endings.store(ending) else self._failure(WorkerLost())
        except ParleyError as error:
            return self._failure(error)
        except Exception:
            log.exception("answer_not_stored", **self._names())
            return self._failure(ParleyError())

    def _names(self) -> dict[str, str | None]:
        return {"run_id": self._run.id, "request_id": self._request_id}

    def _failure(self, error: ParleyError) -> Failure:
        return Failure(error.problem(self._request_id))

    def _report(self, end: Terminal, usage: Usage) -> None:
        model, metrics = self._relay.model, self._metrics
        metrics.runs.labels(model.provider.name, state(end)).inc()
        metrics.tokens.labels(model.provider.name, "input").inc(max(0, usage.input_tokens))
        metrics.tokens.labels(model.provider.name, "output").inc(max(0, usage.output_tokens))
        log.info(
            "run_ended",
            **self._names(),
            model=model.id,
            state=state(end),
            code=end.problem.code if isinstance(end, Failure) else None,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            seconds=round(time.monotonic() - self._relay.began, 3),
        )


def _finish(end: Terminal) -> str | None:
    return end.finish_reason if isinstance(end, Done) else None


def _call_state(end: Terminal, failed: Failure | None) -> CallState:
    if failed:
        return "failed"
    return "stopped" if _finish(end) == "stopped" else "ok"


def _shut_down() -> ShuttingDown:
    return ShuttingDown("This server is going down for a restart. Ask again.", retry_after=2)
