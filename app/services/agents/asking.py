"""A question to the model: composed within what there is room for, asked, and booked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from app.errors import BudgetSpent, ParleyError, ProviderError
from app.events import Usage
from app.messages import Message, Part, TextPart
from app.metering.meter import Ended, Meter
from app.services.agents.hearing import Heard
from app.services.agents.journal import Journal
from app.services.agents.limits import Tally
from app.services.agents.means import Means
from app.services.agents.room import NoRoom, Room
from app.services.agents.shortening import condensed
from app.services.attempts import Attempts, Composed
from app.services.context import fit
from app.services.models import Candidate
from app.services.settlement import settled
from app.storage.calls import State


@dataclass
class Asked:
    """What a question came to, however it ended. `seconds` are on the clock."""

    heard: Heard
    model: str
    usage: Usage
    cost_usd: Decimal | None
    seconds: float


class Asking:
    """`latest` is the question that was asked last."""

    def __init__(
        self, means: Means, journal: Journal, meter: Meter, tally: Tally, room: Room
    ) -> None:
        self.latest: Asked | None = None
        self._means = means
        self._journal = journal
        self._meter = meter
        self._tally = tally
        self._room = room
        self._whole = means.errand.request()

    def __call__(self, said: Sequence[Message], order: str = "") -> Heard:
        """Ask with what was `said` in this run. An `order` asks for the answer, without tools.

        Raises NoRoom, BudgetSpent, ProviderError, and what is thrown into the greenlet.
        """
        self.latest, began = None, time.monotonic()
        self._journal.next_step()
        last = bool(order)
        said = _ordered(said, order) if said else said
        heard = Heard(self._journal, self._means.around.most_bytes)
        attempts = self._attempts(said, "" if said else order, last=last)
        state: State = "stopped"
        code: str | None = None
        refused = False
        try:
            with attempts.answer() as batches:
                composed = attempts.composed
                self._journal.begin(attempts.answering.model.id, composed.truncated_turns)
                heard(batches)
            state = "ok"
        except ParleyError as error:
            heard.figures.fault = error if isinstance(error, ProviderError) else None
            state, code = "failed", error.code
            refused = isinstance(error, BudgetSpent)
            raise
        except NoRoom:
            refused = True
            raise
        finally:
            if not refused:
                ended = Ended(state, Usage(), None, heard.finish, code)
                self._settle(attempts, heard, ended, time.monotonic() - began)
        return heard

    def _attempts(self, said: Sequence[Message], order: str, *, last: bool) -> Attempts:
        composer, deadline = self._means.composer, self._means.deadline
        return Attempts(
            self._means.chain,
            lambda candidate: self._composed(candidate, said, order, last=last),
            composer.breakers,
            composer.budget,
            self._meter,
            composer.metrics,
            deadline=deadline if last else self._means.answer_at,
        )

    def _composed(
        self, candidate: Candidate, said: Sequence[Message], order: str = "", *, last: bool
    ) -> Composed:
        window, whole = candidate.model.profile.context_window, self._whole
        # The conversation before has the other half.
        now = condensed(said, window // 2)
        asked = (*_ordered(whole.messages, order), *now)
        kept, cut = fit(asked, whole.system, window, whole.max_output_tokens)
        request = msgspec.structs.replace(
            whole,
            model=candidate.model.name,
            messages=kept,
            patience=candidate.patience,
            tool_choice="none" if last and whole.tools else "auto",
        )
        most = self._room.output(candidate, request, last=last)
        return Composed(msgspec.structs.replace(request, max_output_tokens=most), cut)

    def _settle(self, attempts: Attempts, heard: Heard, ended: Ended, seconds: float) -> None:
        model = attempts.answering.model
        usage = settled(heard.figures, heard.answer, attempts.composed.request)
        cost = self._meter.prices.cost(model.provider.name, model.name, usage)
        self._meter.ended(replace(ended, usage=usage, cost=cost))
        self._tally.add(usage, cost)
        self.latest = Asked(heard, model.id, usage, cost, seconds)


def _ordered(said: Sequence[Message], order: str) -> tuple[Message, ...]:
    """With the order at the end of the last message, which is a user's."""
    if not order:
        return tuple(said)
    *others, newest = said
    parts: tuple[Part, ...] = (*newest.parts, TextPart(order))
    return (*others, Message(newest.role, parts))
