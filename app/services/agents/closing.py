"""How an agent's run comes to rest: it ends and is stored, or it is parked."""

from __future__ import annotations

import time
from dataclasses import replace

import msgspec
import structlog

from app.errors import ParleyError, ShuttingDown, WorkerLost
from app.events import Done, Failure, Parked, Terminal, Usage, UsageReport, collect
from app.ids import now
from app.metering.budgets import Alert
from app.metering.meter import Meter
from app.runs import codec
from app.runs.run import Cause, Run
from app.services.agents.course import Course
from app.services.agents.journal import Journal
from app.services.agents.limits import Tally
from app.services.agents.means import Means
from app.services.agents.parking import State, encoded, stored
from app.services.endings import Ending
from app.services.replay import pieces_of
from app.services.settlement import message, state
from app.storage import parked, run_logs
from app.storage.database import Database, Transaction


class Closing:
    """`wait` is how many seconds a person has to decide."""

    def __init__(
        self,
        run: Run,
        means: Means,
        journal: Journal,
        tally: Tally,
        meter: Meter,
        database: Database,
        wait: float,
    ) -> None:
        self.request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
        self.log = structlog.get_logger().bind(run_id=run.id, request_id=self.request_id)
        self._run = run
        self._means = means
        self._journal = journal
        self._tally = tally
        self._meter = meter
        self._database = database
        self._wait = wait
        self._began = time.monotonic()

    def end(self, end: Terminal) -> None:
        """Store it, and append the end."""
        if isinstance(end, Done):  # what an interrupt left is counted by now
            end = msgspec.structs.replace(
                end, usage=self._tally.usage, cost_usd=self._tally.cost_usd
            )
        report = UsageReport(self._tally.usage, self._tally.cost_usd)
        end = self._stored(report, end)
        self._run.append([report, end])
        self._report(end)

    def park(self, course: Course) -> Failure | None:
        """Write down all of it and give everything back. A Failure: it could not be written."""
        until = now() + int(self._wait * 1000)
        waits = Parked(until, self._tally.usage, self._tally.cost_usd)
        kept = encoded(self._state(course, until))

        def work(tx: Transaction) -> list[Alert] | None:
            if not parked.add(tx, self._run.id, self._run.owner, until, kept):
                return None
            self._journal.keep(tx)
            # By itself, because something else takes its place.
            run_logs.add(tx, self._run.id, len(self._run.events), codec.encode([waits]))
            return self._means.composer.ledger.book(tx, self._meter.bill())

        try:
            alerts = self._database.write(work)
        except ParleyError as error:
            return Failure(error.problem(self.request_id))
        if alerts is None:
            return Failure(WorkerLost().problem(self.request_id))
        self._means.composer.ledger.tell(alerts)
        self._run.append([waits])
        self.log.info("run_parked", calls=len(course.items))
        return None

    def stopped(self, cause: Cause) -> Done | Failure:
        """The end of a run that somebody has stopped, or that lost its last reader."""
        if cause == "shutting_down":
            said = "This server is going down for a restart. Ask again."
            return Failure(ShuttingDown(said, retry_after=2).problem(self.request_id))
        return Done("stopped", Usage(), None, stop_reason="stopped")

    def _state(self, course: Course, until: int) -> State:
        means = self._means
        start = collect(self._run.events).start
        return State(
            # Its pictures are with the message.
            task=replace(means.errand.task, images=()),
            account=stored(means.errand.account),
            conversation_id=self._run.conversation_id,
            place=self._journal.place,
            model=start.model if start else "",
            granted=tuple(tool.name for tool in means.errand.granted),
            tally=self._tally,
            round=course.round,
            items=course.items,
            said=tuple(course.said),
            parts=self._journal.parts,
            events=len(self._run.events),
            expires_at=until,
        )

    def _stored(self, report: UsageReport, end: Terminal) -> Terminal:
        """Keep what was said. If that fails, the run has failed, whatever it came to."""
        answer, tally = collect(self._run.events), self._tally
        failed = end if isinstance(end, Failure) else None
        kept = message(answer, end, failed, tally.usage, tally.cost_usd)
        ending = Ending(
            run_id=self._run.id,
            conversation_id=self._run.conversation_id,
            state=state(end),
            pieces=tuple(pieces_of(self._run.events)),
            message=msgspec.structs.replace(kept, parts=self._journal.parts),
            bill=self._meter.bill(),
            log=(self._journal.kept, self._journal.rest(report, end)),
        )
        error = ParleyError()
        try:
            if self._means.composer.endings.store(ending):
                return end
            error = WorkerLost()
        except ParleyError as failure:
            error = failure
        except Exception:
            self.log.exception("answer_not_stored")
        return Failure(error.problem(self.request_id))

    def _report(self, end: Terminal) -> None:
        model, tally = self._means.chain[0].model, self._tally
        metrics = self._means.composer.metrics
        metrics.runs.labels(model.provider.name, state(end)).inc()
        metrics.tokens.labels(model.provider.name, "input").inc(max(0, tally.usage.input_tokens))
        metrics.tokens.labels(model.provider.name, "output").inc(max(0, tally.usage.output_tokens))
        self.log.info(
            "agent_ended",
            model=model.id,
            state=state(end),
            reason=end.stop_reason if isinstance(end, Done) else end.problem.code,
            steps=tally.steps,
            calls=tally.calls,
            errors=tally.errors,
            input_tokens=tally.usage.input_tokens,
            output_tokens=tally.usage.output_tokens,
            seconds=round(time.monotonic() - self._began, 3),
        )
