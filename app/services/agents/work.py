"""What the owner of an agent's run does: go round until there is an answer, or it is enough."""

from __future__ import annotations

import time

import structlog
from gevent import Timeout

from app.errors import BudgetSpent, ParleyError
from app.events import Done, Failure, FinishReason, Source, StopReason, TextDelta, Usage
from app.metering.meter import Meter
from app.runs.run import Interrupted, Run
from app.services.agents.asking import Asking
from app.services.agents.calling import Calling
from app.services.agents.closing import Closing
from app.services.agents.course import Course
from app.services.agents.hearing import Heard
from app.services.agents.journal import Journal
from app.services.agents.limits import Tally
from app.services.agents.means import Means, left
from app.services.agents.room import NoRoom, Pocket, Room
from app.services.agents.sentences import canned, order
from app.services.agents.step import Round

log = structlog.get_logger()


class OutOfTime(BaseException):
    """Thrown into what must end now. No library's `except Exception` may swallow it."""


class Work:
    """Call it once, in a greenlet of its own."""

    def __init__(
        self,
        run: Run,
        means: Means,
        journal: Journal,
        tally: Tally,
        meter: Meter,
        pocket: Pocket | None,
        closing: Closing,
        course: Course,
    ) -> None:
        self.course = course
        self._run = run
        self._means = means
        self._journal = journal
        self._tally = tally
        self._closing = closing
        room = Room(means.limits, tally, pocket, meter.prices)
        self._asking = Asking(means, journal, meter, tally, room)
        self._calling = Calling(means, journal, tally)
        self._log = closing.log

    def __call__(self) -> Usage:
        """Returns what it came to."""
        began, before = time.monotonic(), self._tally.seconds
        end = self._ended()
        self._tally.seconds = before + time.monotonic() - began
        self._journal.begin(self._means.chain[0].model.id)
        if end is None:
            end = self._closing.park(self.course)
        if end is not None:
            self._closing.end(end)
        return self._tally.usage

    def _ended(self) -> Done | Failure | None:
        """None: it is to be parked."""
        try:
            with self._run.interruptible():
                return self._go_on() if self.course.items else self._go()
        except Interrupted as cut:
            self._log.info("run_interrupted", cause=cut.cause)
            return self._closing.stopped(cut.cause)
        except ParleyError as error:
            return Failure(error.problem(self._closing.request_id))
        except Exception:
            self._log.exception("run_broke")
            return Failure(ParleyError().problem(self._closing.request_id))

    def _go_on(self) -> Done | Failure | None:
        """Where it was parked."""
        return self._go() if self._carried_out() else None

    def _go(self) -> Done | Failure | None:
        while True:
            reason = self._tally.reached(self._means.limits)
            heard = None if reason else self._asked()
            if not isinstance(heard, Heard):
                return self._conclude(reason or heard or "timeout")
            self._tally.steps += 1
            if heard.finish != "tool_calls" or not heard.calls:
                return self._answered(heard)
            items = self._calling.items(heard.calls)
            self.course.said.append(heard.message([item.call for item in items]))
            self.course.items = items
            if not self._carried_out():
                return None

    def _asked(self) -> Heard | StopReason:
        """The next answer, or why there is none with tools any more."""
        try:
            with Timeout(left(self._means.answer_at), OutOfTime()):
                return self._asking(self.course.said)
        except OutOfTime:
            return "timeout"
        except NoRoom as error:
            return error.reason
        except BudgetSpent:
            if not self._tally.steps:
                raise
            return "budget_spent"
        finally:
            self._note()

    def _carried_out(self) -> bool:
        """Carry out the calls of this round, and begin the next. False: some have to wait."""
        course, began = self.course, time.monotonic()
        waiting = self._calling.carry_out(course.items)
        course.round.seconds += time.monotonic() - began
        if waiting:
            return False
        course.said.append(self._calling.results(course.items))
        self._journal.stepped(course.round.ended([item.called() for item in course.items]))
        count = len(course.items)
        asked = "The results of the call." if count == 1 else f"The results of {count} calls."
        course.round, course.items = Round(course.round.index + 1, asked), []
        return True

    def _answered(self, heard: Heard) -> Done:
        self._journal.stepped(self.course.round.ended([]))
        finish = heard.finish or "stop"
        if finish == "tool_calls":
            finish = "stop"
        reasons: dict[FinishReason, StopReason] = {
            "length": "length",
            "content_filter": "content_filter",
        }
        return self._done(finish, reasons.get(finish, "answered"))

    def _conclude(self, reason: StopReason) -> Done:
        """Ask for the best answer that there is, without tools; without one it is ours to tell."""
        course, heard = self.course, None
        if course.round.said:  # of a step that was cut
            self._journal.stepped(course.round.ended([]))
            course.round = Round(course.round.index + 1, "")
        course.round.asked = order(reason)
        course.round.reason = reason
        finish: FinishReason | None = None
        try:
            if reason != "budget_spent":
                with Timeout(left(self._means.deadline), OutOfTime()):
                    heard = self._asking(course.said, order(reason))
                    finish = heard.finish
        except OutOfTime:
            finish = "length"
        except NoRoom:
            pass
        except ParleyError as error:
            self._log.warning("no_last_answer", code=error.code)
        self._note()
        source: Source = "model"
        if not course.round.said.strip():
            source, finish = "canned", "stop"
            course.round.said = canned(reason, course.said)
            self._journal.say([TextDelta(course.round.said)])
        self._journal.stepped(course.round.ended([]))
        return self._done("length" if finish == "length" else "stop", reason, source)

    def _note(self) -> None:
        """What the question came to, however it ended, into this round."""
        latest, self._asking.latest = self._asking.latest, None
        if latest is not None:
            round_ = self.course.round
            round_.said, round_.model = latest.heard.text, latest.model
            round_.usage, round_.cost_usd = latest.usage, latest.cost_usd
            round_.seconds += latest.seconds

    def _done(self, finish: FinishReason, reason: StopReason, source: Source = "model") -> Done:
        tally = self._tally
        return Done(finish, tally.usage, tally.cost_usd, source, stop_reason=reason)
