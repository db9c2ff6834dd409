"""Sums over the ledger, against what Python says is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metering.periods import name_of
from app.services.usage import days_of
from app.storage import usage
from app.storage.calls import State, StoredCall
from app.storage.database import Database
from app.storage.usage import Day, Group, Names, Only, Sums
from tests.properties import examples, texts
from tests.storage.booked import book, call

# Where and when a day has not 24 hours, or begins at an odd time.
_ODD = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Africa/Cairo", date(2026, 4, 24)),  # from 0:00 to 1:00
    ("America/Havana", date(2026, 11, 1)),  # from 1:00 to 0:00
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # by half an hour
    ("Asia/Kathmandu", date(2026, 11, 21)),  # 5:45 ahead
    ("Pacific/Kiritimati", date(2026, 1, 1)),  # 14:00 ahead
    ("UTC", date(2028, 2, 29)),
]
_HOUR = 3_600_000
_tokens = st.sampled_from([0, 1, 12_304, 2**31 - 1])
_few = st.sampled_from(["a", "b", "=c", "ä/ö"])
_any: dict[str, st.SearchStrategy[Any]] = {
    "owner": _few,
    "team": st.none() | _few,
    "key_id": st.none() | _few,
    "user_id": st.none() | _few,
    "prompt": st.none() | _few,
    "conversation_id": _few,
    "provider": st.sampled_from(["openai", "demo"]),
    "model": _few | texts,
    "state": st.sampled_from(get_args(State)),
    **{name: _tokens for name in Sums.__struct_fields__ if name.endswith("_tokens")},
    "cost": st.none() | st.sampled_from([0, 1, 54_399_000_000, 3 * 10**12, 10**17]),
}
_groups = st.lists(st.sampled_from(get_args(Group)), min_size=1, unique=True)
_only = st.builds(Only, **dict.fromkeys(Only.__struct_fields__, st.none() | _few))


@st.composite
def _ledgers(draw: st.DrawFn, zone: str, day: date) -> tuple[list[Day], list[StoredCall]]:
    """Three days around the odd one, with calls within them, at their edges and outside."""
    days = days_of(day - timedelta(1), day + timedelta(1), zone)
    edges = [moment for each in days for moment in (each.start - 1, each.start, each.end)]
    within = st.integers(days[0].start - 12 * _HOUR, days[-1].end + 12 * _HOUR)
    made = st.builds(call, created_at=st.sampled_from(edges) | within, **_any)
    return days, draw(st.lists(made, max_size=12))


def _name(group: Group, booked: StoredCall, zone: str) -> str | None:
    named = {
        "day": name_of("day", booked.created_at, zone),
        "model": f"{booked.provider}/{booked.model}",
        "key": booked.key_id,
        "conversation": booked.conversation_id,
        "prompt": booked.prompt,
        "user": booked.user_id,
        "owner": booked.owner,
        "team": booked.team,
    }
    return named[group]


def _counted(booked: StoredCall) -> dict[str, int]:
    return {
        **{n: getattr(booked, n) for n in Sums.__struct_fields__ if n.endswith("_tokens")},
        "calls": 1,
        "failed": int(booked.state in ("failed", "abandoned")),
        "unpriced": int(booked.cost is None),
        "cost": booked.cost or 0,
    }


def _added(booked: Iterable[StoredCall]) -> Sums:
    figures: dict[str, int] = defaultdict(int)
    for each in booked:
        for name, figure in _counted(each).items():
            figures[name] += figure
    return Sums(**figures)


def _is_meant(booked: StoredCall, only: Only) -> bool:
    wanted = {n: getattr(only, n) for n in Only.__struct_fields__}
    return booked.state != "open" and all(
        value is None or getattr(booked, name) == value for name, value in wanted.items()
    )


@pytest.mark.parametrize(("zone", "day"), _ODD)
def test_the_sums_are_pythons(database: Database, zone: str, day: date) -> None:
    """Whatever is grouped and filtered: each call is in one row, and on its own day there."""

    @examples(10)
    @given(_ledgers(zone, day), _groups, _only)
    def check(ledger: tuple[list[Day], list[StoredCall]], by: list[Group], only: Only) -> None:
        days, booked = ledger
        book(database, booked)
        names = {each.name for each in days}
        expected: dict[Names, list[StoredCall]] = defaultdict(list)
        for each in booked:
            if name_of("day", each.created_at, zone) in names and _is_meant(each, only):
                expected[tuple(_name(group, each, zone) for group in by)].append(each)
        found = database.read(lambda tx: usage.sums(tx, days, by, only, 100))
        assert len(dict(found)) == len(found)
        assert dict(found) == {name: _added(calls) for name, calls in expected.items()}

    check()


def test_no_more_than_asked_for(database: Database) -> None:
    """A sum with too many rows ends there, and costs no more."""
    book(database, [call(conversation_id=str(number)) for number in range(5)])
    [day] = days_of(date(1970, 1, 1), date(1970, 1, 1), "UTC")
    for most in (4, 5, 6):
        found = database.read(lambda tx, m=most: usage.sums(tx, [day], ["conversation"], Only(), m))  # type: ignore[misc]
        assert len(found) == min(5, most)


@examples(30)
@given(texts)
def test_no_filter_breaks_it(database: Database, text: str) -> None:
    """Whatever a caller looks for, it is found or not."""
    [day] = days_of(date(1970, 1, 1), date(1970, 1, 1), "UTC")
    only = Only(owner=text, team=text, key_id=text)
    assert database.read(lambda tx: usage.sums(tx, [day], ["day"], only, 5)) == []


def test_four_hundred_days(database: Database) -> None:
    """The longest span has a row for each of its days."""
    days = days_of(date(2026, 1, 1), date(2027, 2, 4), "Europe/Berlin")
    assert len(days) == 400
    book(database, [call(created_at=moment) for day in days for moment in (day.start, day.end - 1)])
    found = database.read(lambda tx: usage.sums(tx, days, ["day"], Only(), 500))
    assert sorted(found) == [((day.name,), Sums(calls=2)) for day in days]
