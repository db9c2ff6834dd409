"""Titles of conversations, found by a model after the first answer, where one is configured.

It is in nobody's way: it begins when the answer has ended, fails without a word to the caller, and
leaves alone what somebody has named meanwhile. Its call is in the ledger and under the account's
budgets like any other; limits per minute, which are for what callers ask, do not count it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog
from gevent import Timeout
from gevent.pool import Pool

from app.accounts import Account
from app.errors import ParleyError, ProviderError, ProviderTimeout
from app.events import Done, Finish, TextDelta, UsageReport, collect
from app.ids import new_id
from app.metering.budgets import Alert
from app.metering.meter import Ended, Meter
from app.runs.run import Run
from app.services.attempts import RetryBudget
from app.services.composing import Composer, capable
from app.services.models import Models, permitted
from app.services.relay import Origin
from app.services.settlement import Figures, settled
from app.services.turns import Settings, Turn, first_title
from app.storage import conversations
from app.storage.database import Database, Transaction
from app.storage.messages import said_by_user
from app.templating.prompt import Mark, Prompt

log = structlog.get_logger()

_SECONDS = 20.0
_AT_ONCE = 16
_READ = 2_000  # characters of the question, and of the answer
_LONGEST = 1_000  # characters that a model may write for one
_MARKS = " \t\"'`*_#.„“”«»‚‘’"


class Titles:
    """`model` is a provider/name or an alias; None: nobody finds titles."""

    def __init__(
        self,
        database: Database,
        models: Models,
        composer: Composer,
        prompt: Prompt,
        mark: Mark,
        model: str | None,
    ) -> None:
        self._database = database
        self._models = models
        self._composer = replace(composer, budget=RetryBudget(2, 0.0), seconds=_SECONDS)
        self._prompt = prompt
        self._mark = mark
        self._model = model
        self._working = Pool(_AT_ONCE)

    @property
    def working(self) -> int:
        """How many are being looked for."""
        return len(self._working)

    def close(self) -> None:
        """What is not found by now is not looked for any more."""
        self._working.kill()

    def after(self, account: Account, turn: Turn, run: Run) -> None:
        """Begin to find one, if the run was the first of a conversation and ended well."""
        if self._model is None or not turn.begun or turn.prompt or self._working.full():
            return
        answer = collect(run.events)
        if isinstance(answer.end, Done) and answer.end.source != "canned" and answer.text.strip():
            self._working.spawn(self._work, account, turn, answer.text)

    def _work(self, account: Account, turn: Turn, answer: str) -> None:
        try:
            self._find(account, turn, answer)
        except ParleyError as error:
            log.info("no_title", conversation_id=turn.conversation_id, code=error.code)
        except Exception:
            log.exception("title_broke", conversation_id=turn.conversation_id)

    def _find(self, account: Account, turn: Turn, answer: str) -> None:
        question = turn.branch[-1].message.text
        asked, settings = self._asked(turn.conversation_id, question, answer)
        chain = permitted(account, self._models.resolve(self._model))
        able = capable(account, chain, asked, settings)
        run_id, origin_of = new_id("run"), self._composer.origin
        origin, meter = self._composer.endings.begin(
            run_id, lambda tx: origin_of(tx, account, run_id, able, asked, settings)
        )
        said: list[TextDelta] = []
        try:
            _answer(origin, meter, said)
        finally:  # also where it is killed
            title = _cleaned("".join(event.text for event in said))
            self._end(turn.conversation_id, meter, first_title(question), title)

    def _asked(self, conversation_id: str, question: str, answer: str) -> tuple[Turn, Settings]:
        about = self._prompt.about
        known = {"question": question, "answer": answer}
        values = {
            v.name: known[v.name][: min(v.max_length or _READ, _READ)]
            for v in about.variables
            if v.name in known
        }
        written = self._prompt.write(self._prompt.load(values), self._mark)
        message = said_by_user(None, written.user)
        turn = Turn(conversation_id, written.system, [message], self._prompt.id)
        temperature, most = about.temperature, about.max_output_tokens
        return turn, Settings(temperature=temperature, max_output_tokens=most)

    def _end(self, conversation_id: str, meter: Meter, was: str, title: str) -> None:
        """Book the call, and give the title if nobody has given another."""

        def work(tx: Transaction) -> Sequence[Alert]:
            if title:
                conversations.retitle(tx, conversation_id, was, title)
            return self._composer.ledger.book(tx, meter.bill())

        self._composer.ledger.tell(self._database.write(work))


def _answer(origin: Origin, meter: Meter, said: list[TextDelta]) -> None:
    """Ask, and tell the meter how it ended. Raises what the origin raises."""
    figures, code = Figures(), None
    try:
        with Timeout(_SECONDS, _too_late(origin)):
            _listen(origin, figures, said)
    except ParleyError as error:
        figures.fault = error if isinstance(error, ProviderError) else None
        code = error.code
        said.clear()
        raise
    finally:
        usage = settled(figures, collect(said), origin.composed.request)
        model = origin.answering.model
        cost = meter.prices.cost(model.provider.name, model.name, usage)
        reason = figures.finish.reason if figures.finish else None
        state = "failed" if code else "ok" if reason else "stopped"
        meter.ended(Ended(state, usage, cost, reason, code))  # type: ignore[arg-type]


def _listen(origin: Origin, figures: Figures, said: list[TextDelta]) -> None:
    size = 0
    with origin.answer() as batches:
        for batch in batches:
            for event in batch:
                if isinstance(event, TextDelta):
                    said.append(event)
                    size += len(event.text)
                elif isinstance(event, UsageReport):
                    figures.usage = event.usage
                elif isinstance(event, Finish):
                    figures.finish = event
            if size > _LONGEST:
                return


def _too_late(origin: Origin) -> ProviderTimeout:
    model = origin.answering.model
    names = {"provider": model.provider.name, "model": model.name}
    return ProviderTimeout("A title took too long.", limit="deadline", **names)


def _cleaned(said: str) -> str:
    """One line, as short as titles are, without what models put around it."""
    line = next(filter(None, (line.strip(_MARKS) for line in said.splitlines())), "")
    return first_title("".join(sign if sign.isprintable() else " " for sign in line))
