"""What the owner of an extraction's run does: ask about every piece, put together, end, book."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
import structlog
from gevent import Timeout
from gevent.pool import Pool

from app.errors import ExtractionStopped, ParleyError, ProviderTimeout, ShuttingDown
from app.events import Done, Failure, Usage, UsageReport
from app.evidence.issues import Issue
from app.runs.run import Cause, Interrupted, Run
from app.services.extraction import reporting
from app.services.extraction.addressed import flags
from app.services.extraction.findings import Found, of_one, of_several
from app.services.extraction.inquiry import Accepted, Inquiry
from app.services.extraction.journal import Journal
from app.services.extraction.means import Means
from app.services.extraction.prompting import Piece
from app.services.extraction.result import Result

log = structlog.get_logger()

_AT_ONCE = 4  # pieces


class Work:
    """Call it once, in a greenlet of its own. Then `outcome` is what came of it."""

    def __init__(
        self, run: Run, means: Means, journal: Journal, inquiries: Sequence[tuple[Piece, Inquiry]]
    ) -> None:
        self.outcome: Result | ParleyError = ParleyError()
        self._run = run
        self._means = means
        self._journal = journal
        self._pieces = [piece for piece, _ in inquiries]
        self._inquiries = [inquiry for _, inquiry in inquiries]
        self._began = time.monotonic()
        self._request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
        self._log = log.bind(run_id=run.id, request_id=self._request_id)

    def __call__(self) -> Usage:
        """Returns what it came to."""
        self.outcome = self._ended()
        self._book()
        known = self._journal.known()
        self._journal.begin()
        report = UsageReport(known.usage, known.cost_usd)
        if isinstance(self.outcome, Result):
            end: Done | Failure = Done("stop", known.usage, known.cost_usd, result=self.outcome)
        else:
            end = Failure(self.outcome.problem(self._request_id))
        self._run.weight += len(msgspec.json.encode(end))
        self._run.append([report, end])
        self._report(end, known.usage)
        return known.usage

    def _ended(self) -> Result | ParleyError:
        error: ParleyError
        try:
            with self._run.interruptible(), Timeout(self._means.seconds, self._means.too_late()):
                return self._result(self._found())
        except Interrupted as cut:
            self._log.info("run_interrupted", cause=cut.cause)
            error = _stopped(cut.cause)
        except ParleyError as failure:
            error = failure
        except Exception:
            self._log.exception("run_broke")
            error = ParleyError()
        if self._journal.attempts:
            error.members = self._journal.known().members()
        return error

    def _found(self) -> Found:
        means = self._means
        if len(self._inquiries) == 1:
            return of_one(means.target, means.source, self._inquiries[0]())
        answers = self._answers()
        return of_several(means.target, means.source, self._pieces, answers, self._journal)

    def _answers(self) -> Sequence[Accepted | ParleyError]:
        """Of all pieces, some at a time. When time is up, of those that were ready."""
        pool = Pool(_AT_ONCE)
        answers: dict[int, Accepted | ParleyError] = {}

        def ask(at: int) -> None:
            answers[at] = self._answer(self._pieces[at], self._inquiries[at])

        try:
            waiting = [pool.spawn(ask, at) for at in range(len(self._pieces))]
            for each in waiting:
                each.get()
        except ProviderTimeout as error:
            return [answers.get(at, error) for at in range(len(self._pieces))]
        finally:
            pool.kill()
        return [answers[at] for at in range(len(self._pieces))]

    def _answer(self, piece: Piece, inquiry: Inquiry) -> Accepted | ParleyError:
        try:
            return inquiry()
        except ParleyError as error:
            said = f"Part {piece.number} of {piece.count} is given up. {error.detail}"
            self._journal.step(said, piece.number, 0, error.code)
            return error

    def _result(self, found: Found) -> Result:
        means, known = self._means, self._journal.known()
        fields, warnings = reporting.fields(found.fields, found.warnings)
        return Result(
            run_id=self._run.id,
            data=found.data,
            fields=fields,
            issues=reporting.issues([*warnings, *_of_missing(found)], "warning"),
            attempts=known.attempts,
            missing_ranges=found.missing,
            model=found.by.model,
            schema=reporting.schema(means.target, found.by.wire),
            flags=flags(means.source.text),
            usage=known.usage,
            cost_usd=known.cost_usd,
        )

    def _book(self) -> None:
        """What is left to be written of the calls; what cannot be is not lost."""
        bills = [inquiry.meter.bill() for inquiry in self._inquiries]
        try:
            self._means.composer.endings.settle(self._run.id, bills)
        except Exception:
            # Their leases run out, and they are booked at what was set aside for them.
            self._log.exception("calls_not_booked")

    def _report(self, end: Done | Failure, usage: Usage) -> None:
        model, metrics = self._means.chain[0].model, self._means.composer.metrics
        state = "done" if isinstance(end, Done) else "failed"
        metrics.runs.labels(model.provider.name, state).inc()
        metrics.tokens.labels(model.provider.name, "input").inc(max(0, usage.input_tokens))
        metrics.tokens.labels(model.provider.name, "output").inc(max(0, usage.output_tokens))
        self._log.info(
            "extraction_ended",
            model=model.id,
            state=state,
            code=end.problem.code if isinstance(end, Failure) else None,
            attempts=len(self._journal.attempts),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            seconds=round(time.monotonic() - self._began, 3),
        )


def _of_missing(found: Found) -> Sequence[Issue]:
    if not found.missing:
        return []
    said = "Not all of the text was read; missing_ranges says which part was not."
    return [Issue((), "text_missing", said)]


def _stopped(cause: Cause) -> ParleyError:
    if cause == "shutting_down":
        return ShuttingDown("This server is going down for a restart. Ask again.", retry_after=2)
    return ExtractionStopped("The extraction was stopped before its data was whole and valid.")
