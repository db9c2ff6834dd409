"""What a run's owner does: relay a model's events into the log, then end it and store it.

The answer is stored before the terminal event is appended, so whoever has read `done` finds it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

import msgspec
import structlog
from gevent import Timeout

from app.errors import OutputTooLong, ParleyError, ProviderTimeout, ShuttingDown
from app.events import (
    Answer,
    Done,
    Failure,
    Finish,
    FinishReason,
    ModelEvent,
    ReasoningDelta,
    Start,
    Terminal,
    TextDelta,
    Usage,
    UsageReport,
    collect,
)
from app.ids import now
from app.messages import assistant
from app.metering import prices
from app.metering.tokens import estimate
from app.metrics import Metrics
from app.providers.base import ModelRequest
from app.runs.run import Interrupted, Run
from app.services.models import Model
from app.services.replay import pieces_of
from app.storage import conversations, messages, runs
from app.storage.database import Database, Transaction
from app.storage.messages import StoredMessage

log = structlog.get_logger()


@dataclass(frozen=True)
class Limits:
    """Of one answer: on the wall clock, and of its text with the reasoning."""

    seconds: float = 600.0
    output_bytes: int = 4_194_304


class Generation:
    """One run's work. Call it once, in a greenlet of its own."""

    def __init__(
        self,
        run: Run,
        start: Start,
        model: Model,
        request: ModelRequest,
        *,
        database: Database,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self._run = run
        self._start = start
        self._model = model
        self._request = request
        self._database = database
        self._metrics = metrics
        self._limits = limits
        self._began = time.monotonic()
        self._request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
        self._log = log.bind(run_id=run.id, request_id=self._request_id)
        self._usage: Usage | None = None
        self._finish: FinishReason | None = None
        self._size = 0
        self._refused = False

    def __call__(self) -> None:
        self._run.append([self._start])
        failed = self._generate()
        answer = collect(self._run.events)
        usage = self._settled(answer)
        cost = prices.cost(self._model.provider.name, self._model.name, usage)
        end = failed or Done(self._finish or "stopped", usage, cost)
        end = self._store(answer, end, usage, cost)
        self._run.append([UsageReport(usage, cost), end])
        self._report(end, usage)

    def _generate(self) -> Failure | None:
        """Relay until the model is done, or something ends it. What broke becomes a Failure."""
        try:
            with self._run.interruptible(), Timeout(self._limits.seconds, self._too_late()):
                self._relay()
        except Interrupted as cut:
            self._log.info("run_interrupted", cause=cut.cause)
            if cut.cause == "shutting_down":
                return Failure(_shut_down().problem(self._request_id))
        except ParleyError as error:
            self._refused = getattr(error, "upstream_status", None) is not None
            return Failure(error.problem(self._request_id))
        except Exception:
            self._log.exception("run_broke")
            return Failure(ParleyError().problem(self._request_id))
        return None

    def _relay(self) -> None:
        with closing(self._model.provider.stream(self._request)) as stream:  # type: ignore[type-var]
            for batch in stream:
                said = [e for e in batch if type(e) is TextDelta or type(e) is ReasoningDelta]
                if len(said) < len(batch):
                    self._note(batch)
                if said:
                    self._run.append(said)
                    self._weigh(said)

    def _note(self, batch: Sequence[ModelEvent]) -> None:
        """Usage and ending are kept for the end; the log gets them once."""
        for event in batch:
            match event:
                case UsageReport():
                    self._usage = event.usage
                case Finish():
                    self._finish = event.reason
                case TextDelta() | ReasoningDelta():
                    pass

    def _weigh(self, said: Sequence[TextDelta | ReasoningDelta]) -> None:
        """Bound the log, and with it everything that is made of it. Raises OutputTooLong."""
        if not self._size:
            waited = time.monotonic() - self._began
            self._metrics.first_token.labels(self._model.provider.name).observe(waited)
        for event in said:
            text = event.text
            self._size += len(text) if text.isascii() else len(text.encode())
        if self._size > self._limits.output_bytes:
            raise OutputTooLong(
                f"The answer is longer than the {self._limits.output_bytes} bytes that one may be."
            )

    def _too_late(self) -> ProviderTimeout:
        return ProviderTimeout(
            f"The answer took longer than the {self._limits.seconds:g} seconds that one may take.",
            limit="deadline",
            provider=self._model.provider.name,
            model=self._model.name,
        )

    def _settled(self, answer: Answer) -> Usage:
        """The provider's figures; where the end of its answer is missing, ours for the output.

        A request that the provider refused before it said anything has cost nothing.
        """
        if self._usage and self._finish:
            return self._usage
        if self._refused and not self._size:
            return Usage()
        known = self._usage or Usage(input_tokens=self._estimated_input())
        thought = estimate(answer.reasoning)
        return msgspec.structs.replace(
            known,
            output_tokens=max(known.output_tokens, estimate(answer.text) + thought),
            reasoning_tokens=max(known.reasoning_tokens, thought),
            estimated=True,
        )

    def _estimated_input(self) -> int:
        texts = [message.text for message in self._request.messages]
        return sum(map(estimate, [*texts, self._request.system or ""]))

    def _store(self, answer: Answer, end: Terminal, usage: Usage, cost: Decimal | None) -> Terminal:
        """Keep what was said. If that fails, the run has failed, whatever the model did."""
        message = self._message(answer, end, usage, cost)
        try:
            self._database.write(lambda tx: self._write(tx, message, end))
        except ParleyError as error:
            return Failure(error.problem(self._request_id))
        except Exception:
            self._log.exception("answer_not_stored")
            return Failure(ParleyError().problem(self._request_id))
        return end

    def _write(self, tx: Transaction, message: StoredMessage, end: Terminal) -> None:
        # False: the conversation was deleted while the model spoke, and the answer goes with it.
        if runs.finish(tx, self._run.id, _state(end), pieces_of(self._run.events)):
            messages.add(tx, self._run.conversation_id, message)
            conversations.touch(tx, self._run.conversation_id)

    def _message(
        self, answer: Answer, end: Terminal, usage: Usage, cost: Decimal | None
    ) -> StoredMessage:
        whole = isinstance(end, Done) and end.finish_reason != "stopped"
        return StoredMessage(
            id=self._start.message_id,
            parent_id=self._start.user_message_id,
            role="assistant",
            parts=assistant(answer.text, answer.reasoning).parts,
            status="complete" if whole else "incomplete",
            created_at=now(),
            run_id=self._run.id,
            model=self._model.id,
            finish_reason=end.finish_reason if isinstance(end, Done) else None,
            error=end.problem if isinstance(end, Failure) else None,
            usage=usage,
            cost_usd=cost,
            truncated_turns=self._start.truncated_turns,
        )

    def _report(self, end: Terminal, usage: Usage) -> None:
        provider, state = self._model.provider.name, _state(end)
        self._metrics.runs.labels(provider, state).inc()
        self._metrics.tokens.labels(provider, "input").inc(max(0, usage.input_tokens))
        self._metrics.tokens.labels(provider, "output").inc(max(0, usage.output_tokens))
        self._log.info(
            "run_ended",
            model=self._model.id,
            state=state,
            code=end.problem.code if isinstance(end, Failure) else None,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            seconds=round(time.monotonic() - self._began, 3),
        )


def _shut_down() -> ShuttingDown:
    return ShuttingDown("This server is going down for a restart. Ask again.", retry_after=2)


def _state(end: Terminal) -> runs.State:
    if isinstance(end, Failure):
        return "failed"
    return "stopped" if end.finish_reason == "stopped" else "done"
