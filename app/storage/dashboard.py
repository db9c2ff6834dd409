"""What whoever runs the server looks at: today's ledger in sums, what runs, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, case, func, literal_column, select

from app.storage.hours import HOUR
from app.storage.tables import calls, parked, runs, spending
from app.storage.usage import Day

_c, _s = calls.c, spending.c

_RUNNING: ColumnElement[bool] = literal_column("runs.state = 'running'")  # as its index has it


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Of calls that have ended. `cost` in 10^-12 dollars, without the calls that are `unpriced`;
    `first_token_ms` is summed over those that were `heard`.
    """

    calls: int = 0
    failed: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    first_token_ms: int = 0
    heard: int = 0


class OpenRun(msgspec.Struct, frozen=True, kw_only=True):
    """`process` is None where it waits for a person, until `expires_at`."""

    id: str
    owner: str
    model: str
    state: Literal["running", "waiting"]
    created_at: int
    process: str | None = None
    expires_at: int | None = None


class FailedCall(msgspec.Struct, frozen=True, kw_only=True):
    created_at: int
    run_id: str
    model: str
    attempt: int
    code: str | None


def hours(tx: Connection, day: Day) -> dict[int, Sums]:
    """By number of the hour from the day's first moment on."""
    number = (_c.created_at - day.start) // HOUR
    rows = tx.execute(_of(day, number.label("hour")).group_by("hour"))
    return {int(row[0]): _sums(row[1:]) for row in rows}


def models(tx: Connection, day: Day, most: int) -> list[tuple[str, Sums]]:
    """By provider/name, those that cost most first."""
    query = _of(day, _c.provider, _c.model).group_by(_c.provider, _c.model)
    return [(_model(row), _sums(row[2:])) for row in tx.execute(_dearest(query, most))]


def keys(tx: Connection, day: Day, most: int) -> list[tuple[str | None, Sums]]:
    """By id, those that cost most first; None where a call needed no key."""
    query = _of(day, _c.key_id).group_by(_c.key_id)
    return [(row[0], _sums(row[1:])) for row in tx.execute(_dearest(query, most))]


def asked(tx: Connection, day: Day) -> int:
    """How many runs there were that called a model."""
    query = select(func.count(_c.run_id.distinct()))
    return int(tx.scalar(query.where(*_in(day))) or 0)


def taken(tx: Connection, budgets: Sequence[tuple[str, str]]) -> dict[str, int]:
    """What is spent and held of budgets in a day or month, by their ids."""
    wanted = dict(budgets)
    query = select(_s.budget_id, _s.period, _s.spent + _s.held).where(_s.budget_id.in_(wanted))
    rows = tx.execute(query.where(_s.period.in_(set(wanted.values()))))
    return {budget_id: int(sum_) for budget_id, period, sum_ in rows if wanted[budget_id] == period}


def open_runs(tx: Connection, most: int) -> list[OpenRun]:
    """The newest first: those that are stored, and those that only the ledger knows."""
    found = {run.id: run for run in [*_called(tx, most), *_waiting(tx, most), *_running(tx, most)]}
    return sorted(found.values(), key=lambda run: run.created_at, reverse=True)[:most]


def find(tx: Connection, run_id: str) -> OpenRun | None:
    """One of them."""
    columns = [runs.c[name] for name in ("id", "owner", "model", "state", "created_at", "process")]
    row = tx.execute(select(*columns).where(runs.c.id == run_id)).one_or_none()
    if row is not None:
        return OpenRun(**row._mapping) if row.state in ("running", "waiting") else None
    return next((run for run in _called(tx, 1, _c.run_id == run_id)), None)


def failed(tx: Connection, since: int, most: int) -> list[FailedCall]:
    """The newest first."""
    columns = [_c.provider, _c.model, _c.created_at, _c.run_id, _c.attempt, _c.code]
    query = select(*columns).where(_c.created_at >= since, _c.state.in_(("failed", "abandoned")))
    return [
        FailedCall(
            created_at=row.created_at,
            run_id=row.run_id,
            model=_model(row),
            attempt=row.attempt,
            code=row.code,
        )
        for row in tx.execute(query.order_by(_c.created_at.desc()).limit(most))
    ]


def _in(day: Day) -> tuple[ColumnElement[bool], ...]:
    return _c.created_at >= day.start, _c.created_at < day.end, _c.state != "open"


def _of(day: Day, *by: ColumnElement[Any]) -> Select[Any]:
    failed_ = case((_c.state.in_(("failed", "abandoned")), 1), else_=0)
    figures = [
        func.count(),
        func.sum(failed_),
        func.sum(case((_c.cost.is_(None), 1), else_=0)),
        func.sum(_c.input_tokens),
        func.sum(_c.output_tokens),
        func.coalesce(func.sum(_c.cost), 0).label("dear"),
        func.sum(_c.first_token_ms),
        func.count(_c.first_token_ms),
    ]
    return select(*by, *figures).where(*_in(day))


def _dearest(query: Select[Any], most: int) -> Select[Any]:
    return query.order_by(literal_column("dear").desc(), func.count().desc()).limit(most)


def _sums(row: Sequence[Any]) -> Sums:
    return Sums(
        **{n: int(v or 0) for n, v in zip(Sums.__struct_fields__, row, strict=True)},
    )


def _model(row: Any) -> str:
    return f"{row.provider}/{msgspec.json.decode(row.model, type=str)}"


def _running(tx: Connection, most: int) -> list[OpenRun]:
    r = runs.c
    query = select(r.id, r.owner, r.model, r.state, r.created_at, r.process).where(_RUNNING)
    return [OpenRun(**row._mapping) for row in tx.execute(query.order_by(r.id.desc()).limit(most))]


def _waiting(tx: Connection, most: int) -> list[OpenRun]:
    r = runs.c
    query = select(r.id, r.owner, r.model, r.state, r.created_at, parked.c.expires_at)
    query = query.join_from(parked, runs, parked.c.run_id == r.id)
    rows = tx.execute(query.order_by(parked.c.expires_at.desc()).limit(most))
    return [OpenRun(**row._mapping) for row in rows]


def _called(tx: Connection, most: int, *conditions: ColumnElement[bool]) -> list[OpenRun]:
    """By the calls that are open: extractions are not stored while they run."""
    open_ = select(calls).where(_c.lease_until > 0, _c.state == "open", *conditions)
    return [
        OpenRun(
            id=row.run_id,
            owner=row.owner,
            model=_model(row),
            state="running",
            created_at=row.created_at,
            process=row.process,
        )
        for row in tx.execute(open_.order_by(_c.created_at.desc()).limit(most))
    ]
