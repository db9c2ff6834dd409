"""Usage, summed up: the same totals whatever the grouping, on the installation's own days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.metering.periods import name_of
from app.services import usage
from app.services.usage import Asked, Usage, days_of
from app.storage.database import Database, connect
from app.storage.migrate import migrate
from app.storage.usage import Group
from tests.properties import examples
from tests.storage.booked import book, call
from tests.storage.databases import fresh

_few = st.sampled_from(["a", "b", "c"])
_groups = st.lists(st.sampled_from(get_args(Group)), min_size=1, unique=True)
_spring = date(2026, 3, 29)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = connect(fresh(tmp_path_factory.mktemp("usage")))
    migrate(made)
    yield made
    made.close()


def at(zone: str, *moment: int, fold: int = 0) -> int:
    """A local time, as the ledger writes it."""
    return int(datetime(*moment, tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)  # type: ignore[arg-type,misc]


def rows(database: Database, zone: str, first: date, last: date) -> list[tuple[str | None, int]]:
    report = Usage(database, zone).report(Asked(first=first, last=last))
    return [(names[0], figures.calls) for names, figures in report.rows]


_made = st.builds(
    call,
    created_at=st.integers(at("UTC", 2026, 3, 28), at("UTC", 2026, 3, 31)),
    owner=_few,
    team=st.none() | _few,
    key_id=st.none() | _few,
    conversation_id=_few,
    model=_few,
    state=st.sampled_from(["ok", "failed", "stopped", "abandoned", "open"]),
    input_tokens=st.integers(0, 2**31 - 1),
    output_tokens=st.integers(0, 2**31 - 1),
    cost=st.none() | st.integers(0, 10**15),
)


@examples(60)
@given(st.lists(_made, max_size=15), _groups)
def test_the_totals_are_the_same(database: Database, made: list[Any], by: list[Group]) -> None:
    """However the calls are grouped: the rows add up to the same totals, to the last digit."""
    book(database, made)
    kept = Usage(database, "Europe/Berlin")
    asked = Asked(by=by, first=date(2026, 3, 28), last=date(2026, 3, 30))
    report = kept.report(asked)
    for name in usage.Figures.__struct_fields__:
        assert sum(getattr(row, name) for _, row in report.rows) == getattr(report.totals, name)
    assert report.totals == kept.report(msgspec.structs.replace(asked, by=["model"])).totals
    start, end = (at("Europe/Berlin", 2026, 3, day) for day in (28, 31))
    counted = [c for c in made if c.state != "open" and start <= c.created_at < end]
    assert report.totals.calls == len(counted)
    assert report.totals.cost_usd == sum(Decimal(c.cost or 0) for c in counted) / 10**12


def test_the_night_when_the_clock_goes_forward(database: Database) -> None:
    """In Berlin the 29th of March has 23 hours, and none of the calls around it is misplaced."""
    zone = "Europe/Berlin"
    moments = [(28, 23, 59), (29, 0, 0), (29, 1, 59), (29, 3, 0), (29, 23, 59), (30, 0, 0)]
    book(database, [call(created_at=at(zone, 2026, 3, *moment)) for moment in moments])
    assert rows(database, zone, _spring - timedelta(1), _spring + timedelta(1)) == [
        ("2026-03-28", 1),
        ("2026-03-29", 4),
        ("2026-03-30", 1),
    ]


def test_the_night_when_the_clock_goes_back(database: Database) -> None:
    """In Berlin the 25th of October has 25 hours, with two that have one name."""
    zone = "Europe/Berlin"
    twice = [at(zone, 2026, 10, 25, 2, 30, fold=fold) for fold in (0, 1)]
    edges = [at(zone, 2026, 10, day) for day in (25, 26)]
    assert edges[1] - edges[0] == 25 * 3_600_000
    book(database, [call(created_at=moment) for moment in [*twice, edges[0], edges[1] - 1]])
    assert rows(database, zone, date(2026, 10, 1), date(2026, 10, 31)) == [("2026-10-25", 4)]


def test_a_day_that_begins_at_a_quarter_past(database: Database) -> None:
    """In Kathmandu a day begins at 18:15 UTC of the day before."""
    edge = at("UTC", 2026, 11, 20, 18, 15)
    book(database, [call(created_at=edge - 1), call(created_at=edge)])
    found = rows(database, "Asia/Kathmandu", date(2026, 11, 1), date(2026, 11, 30))
    assert found == [("2026-11-20", 1), ("2026-11-21", 1)]


@examples(300)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.dates(date(2000, 1, 1), date(2037, 12, 31)),
    st.integers(1, 400),
)
def test_days_are_those_of_the_calendar(zone: str, first: date, length: int) -> None:
    """In any zone the days follow on one another, and begin and end when the calendar says so."""
    days = days_of(first, first + timedelta(length - 1), zone)
    assert len(days) == length
    for day, after in pairwise(days):
        assert day.end == after.start
    for day in days:
        if day.start < day.end:  # where a zone has changed sides of the date line a day is missing
            assert name_of("day", day.start, zone) == day.name
            assert name_of("day", day.end - 1, zone) == day.name


def test_by_default_this_month(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is said it is from the first of the month until today, where we live."""
    monkeypatch.setattr(usage, "now", lambda: at("UTC", 2026, 10, 31, 20))
    book(database, [])
    for zone, first, last in (
        ("UTC", date(2026, 10, 1), date(2026, 10, 31)),
        ("Asia/Kathmandu", date(2026, 11, 1), date(2026, 11, 1)),
    ):
        report = Usage(database, zone).report(Asked())
        assert (report.first, report.last, report.time_zone) == (first, last, zone)
        assert list(report.rows) == []
        assert (report.totals.calls, str(report.totals.cost_usd)) == (0, "0")
    report = Usage(database, "UTC").report(Asked(last=date(2026, 2, 3)))
    assert (report.first, report.last) == (date(2026, 2, 1), date(2026, 2, 3))


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 1, 2), date(2026, 1, 1)), (date(2026, 1, 1), date(2027, 2, 5))],
)
def test_a_span_that_is_refused(database: Database, first: date, last: date) -> None:
    """The wrong way round, or longer than 400 days, is the caller's error."""
    with pytest.raises(BadInput) as caught:
        Usage(database, "UTC").report(Asked(first=first, last=last))
    assert set(caught.value.errors or ()) == {"from"}


def test_too_many_rows_are_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out in silence: what is too much is an error that says so."""
    monkeypatch.setattr(usage, "MOST_ROWS", 3)
    asked = Asked(by=["conversation"], first=date(1970, 1, 1), last=date(1970, 1, 1))
    for number, fits in ((3, True), (4, False)):
        book(database, [call(conversation_id=str(each)) for each in range(number)])
        if fits:
            assert len(Usage(database, "UTC").report(asked).rows) == number
            continue
        with pytest.raises(BadInput) as caught:
            Usage(database, "UTC").report(asked)
        assert set(caught.value.errors or ()) == {"group_by"}


def test_rows_are_in_order(database: Database) -> None:
    """By their names, in the order of the groups, and nobody's first, on any database."""
    teams = ["b", None, "B", "a", "ä"]
    book(database, [call(team=team, owner=owner) for team in teams for owner in ("y", "x")])
    asked = Asked(by=["team", "owner"], first=date(1970, 1, 1), last=date(1970, 1, 1))
    found = [names for names, _ in Usage(database, "UTC").report(asked).rows]
    assert found == [(team, owner) for team in (None, "B", "a", "b", "ä") for owner in ("x", "y")]


@examples(50)
@given(st.integers(0, 2**63 - 1))
def test_the_cost_is_exact(database: Database, cost: int) -> None:
    """No digit of a sum is lost on its way into the report."""
    book(database, [call(cost=cost)])
    report = Usage(database, "UTC").report(Asked(first=date(1970, 1, 1), last=date(1970, 1, 1)))
    assert report.totals.cost_usd * 10**12 == cost
    assert msgspec.json.decode(msgspec.json.encode(report.totals.cost_usd)) == str(
        report.totals.cost_usd
    )
