"""What whoever runs the server looks at: today in figures, keys, what runs now, what went wrong."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from app.accounts import Account
from app.errors import NotFound, Problem
from app.events import Failure
from app.ids import now
from app.metering.limits import Gate, Quota
from app.metering.money import dollars
from app.metering.periods import name_of
from app.providers.base import Breakers, CircuitState
from app.runs.mirror import Mirrors
from app.runs.registry import Runs as Live
from app.runs.run import Run
from app.services.keys import Kept, Keys
from app.services.runs import Runs
from app.services.usage import days_of
from app.storage import dashboard
from app.storage.dashboard import FailedCall, OpenRun, Sums
from app.storage.database import Database, Transaction
from app.storage.usage import Day

_MOST_RUNS = 200
_MOST_ROWS = 50
_MOST_KEYS = 100
_MOST_ERRORS = 100
# Of what a caller did wrong, only limits are the server's trouble.
_LIMITS = (402, 429)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """`first_token_ms` is the mean of those that were heard; None: none was."""

    calls: int
    failed: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    first_token_ms: int | None


class KeyLeft(msgspec.Struct, frozen=True, kw_only=True):
    """A key, what it may spend and what is left of it by period; `quotas` of its minute."""

    kept: Kept
    left: Mapping[str, Decimal]
    quotas: Sequence[Quota]


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """An error that somebody was told, without a word of what it was about."""

    at: int
    request_id: str | None
    status: int
    code: str
    run_id: str | None = None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """`hours` are of today; `errors` are this worker's, all else is every worker's."""

    at: int
    day: date
    time_zone: str
    asked: int
    totals: Figures
    hours: Sequence[tuple[int, Figures]]
    models: Sequence[tuple[str, Figures]]
    keys: Sequence[tuple[str | None, Figures]]
    limits: Sequence[KeyLeft]
    circuits: Mapping[tuple[str, str], CircuitState]
    failed: Sequence[FailedCall]
    errors: Sequence[Noted]


class Dashboard:
    """`mirrors` reach the runs of other workers; `zone` is where the installation's days begin."""

    def __init__(
        self,
        database: Database,
        live: Live,
        known: Runs,
        keys: Keys,
        gate: Gate,
        breakers: Breakers,
        mirrors: Mirrors | None,
        zone: str,
    ) -> None:
        self._database = database
        self._live = live
        self._known = known
        self._keys = keys
        self._gate = gate
        self._breakers = breakers
        self._mirrors = mirrors
        self._zone = zone
        self._errors: OrderedDict[tuple[str | None, str], Noted] = OrderedDict()
        live.on_end(self._ended)

    def overview(self) -> Overview:
        """Raises Unavailable."""
        moment = now()
        today = date.fromisoformat(name_of("day", moment, self._zone))
        [day] = days_of(today, today, self._zone)
        found = self._database.report(lambda tx: self._summed(tx, day))
        return Overview(
            at=moment,
            day=today,
            time_zone=self._zone,
            limits=self._left(moment),
            circuits=self._breakers.states(),
            errors=list(reversed(self._errors.values())),
            **found,
        )

    def running(self) -> Sequence[OpenRun]:
        """What runs at any worker, or waits for a person; the newest first. Raises Unavailable."""
        found = self._database.read(lambda tx: dashboard.open_runs(tx, _MOST_RUNS))
        return [run for run in found if self._goes_on(run)]

    def stop(self, run_id: str) -> str:
        """Stop anybody's run, wherever it runs, and what has become of it.

        Raises NotFound: nothing of that name goes on. Unavailable: its worker is out of reach.
        """
        live = self._live.running(run_id)
        if live is not None:
            return self._known.stop(live.owner, run_id).state
        found = self._database.read(lambda tx: dashboard.find(tx, run_id))
        if found is None or not self._goes_on(found):
            raise NotFound("run that goes on")
        try:
            return self._known.stop(found.owner, run_id).state
        except NotFound:  # it is not stored: an extraction of another worker
            if self._mirrors is None or found.process is None:
                raise
            self._mirrors.open(run_id, found.owner, "", found.process).stop()
            return "stopping"

    def note(self, problem: Problem, run_id: str | None = None) -> None:
        """Keep it for a while, if it is the server's trouble."""
        if problem.status < 500 and problem.status not in _LIMITS:
            return
        name = problem.request_id, problem.code
        self._errors[name] = Noted(
            at=now(),
            request_id=problem.request_id,
            status=problem.status,
            code=problem.code,
            run_id=run_id,
        )
        if len(self._errors) > _MOST_ERRORS:
            self._errors.popitem(last=False)

    def _ended(self, run: Run, _seconds: float) -> None:
        if run.events and isinstance(end := run.events[-1], Failure):
            self.note(end.problem, run.id)

    def _goes_on(self, run: OpenRun) -> bool:
        """Not one whose process ended before it did, and nobody was there to write that."""
        elsewhere = self._mirrors is not None or run.state == "waiting"
        return elsewhere or self._live.running(run.id) is not None

    def _summed(self, tx: Transaction, day: Day) -> dict[str, Any]:
        hours = dashboard.hours(tx, day)
        return {
            "asked": dashboard.asked(tx, day),
            "totals": _figures(_total(hours.values())),
            "hours": [(number, _figures(hours[number])) for number in sorted(hours)],
            "models": [(n, _figures(s)) for n, s in dashboard.models(tx, day, _MOST_ROWS)],
            "keys": [(n, _figures(s)) for n, s in dashboard.keys(tx, day, _MOST_ROWS)],
            "failed": dashboard.failed(tx, day.start, _MOST_ROWS),
        }

    def _left(self, moment: int) -> list[KeyLeft]:
        """Of the newest keys that are in force."""
        page, _ = self._keys.page(_MOST_KEYS, None)
        found = [kept for kept in page if kept.key.state == "active"]
        lasting = [(k, p) for k in found for p in k.budgets if p != "request"]
        names = [(_budget(k, p), name_of(p, moment, self._zone)) for k, p in lasting]
        taken = self._database.read(lambda tx: dashboard.taken(tx, names)) if names else {}
        return [
            KeyLeft(
                kept=kept,
                left={
                    period: amount - dollars(taken.get(_budget(kept, period), 0))
                    for period, amount in kept.budgets.items()
                    if period != "request"
                },
                quotas=self._gate.quotas(_account(kept)),
            )
            for kept in found
        ]


def _budget(kept: Kept, period: str) -> str:
    return f"key:{kept.key.id}:{period}"


def _account(kept: Kept) -> Account:
    """As its own limits see it, without those that it shares."""
    limits = kept.key.limits
    return Account(
        owner=kept.key.owner,
        key_id=kept.key.id,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
    )


def _total(rows: Iterable[Sums]) -> Sums:
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    return Sums(**dict(zip(Sums.__struct_fields__, map(sum, columns), strict=False)))


def _figures(sums: Sums) -> Figures:
    return Figures(
        calls=sums.calls,
        failed=sums.failed,
        unpriced=sums.unpriced,
        input_tokens=sums.input_tokens,
        output_tokens=sums.output_tokens,
        cost_usd=dollars(sums.cost),
        first_token_ms=round(sums.first_token_ms / sums.heard) if sums.heard else None,
    )
