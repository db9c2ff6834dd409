"""A text that is asked where it says what. It is read for a kind of value when the first comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from datetime import date, time
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from app.evidence import dates, numbers, times
from app.evidence.currencies import DECIMALS, signs
from app.evidence.locales import Locale
from app.evidence.places import Place
from app.evidence.words import Words
from app.evidence.writing import plain

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::00(?:\.0+)?)?")
_MOMENT = re.compile(
    rf"({_DAY.pattern})[T ]([0-9]{{2}}:[0-9]{{2}}(?::00(?:\.0+)?)?)(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
)
# How far from its date a time may stand.
_NEAR = 60


def exact(value: Any) -> Decimal | None:
    """The number that a value is, or spells as JSON does; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        value = repr(value) if isinstance(value, float) else value
    elif isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return number if number.is_finite() else None


class Text:
    def __init__(self, source: str, locale: Locale, wanted: Set[Decimal]) -> None:
        """`wanted` are the numbers that will be asked for."""
        self._source = source
        self._locale = locale
        self._wanted = wanted

    @cached_property
    def words(self) -> Words:
        return Words(self._source)

    def places(self, value: Any) -> list[Place]:
        """Where it says so, from the first place on; not every place of what stands everywhere."""
        if not isinstance(value, str):
            number = exact(value)
            return [] if number is None else self._numbers.get(number, [])
        places = [place for place in self.words.find(value) if self._is_whole(value, place)]
        return places or self._spelled(value)

    def _is_whole(self, value: str, place: Place) -> bool:
        """Whether digits at the edges are a number's first and last, and its sign is the same."""
        if not (value[:1].isdecimal() or value[-1:].isdecimal()):
            return True
        if not numbers.stands_alone(self._source, *place[:2]):
            return False
        return not _NUMBER.fullmatch(value) or 1 in numbers.signs(self._plain, place)

    def _spelled(self, value: str) -> list[Place]:
        """Where it stands in another spelling."""
        if _DAY.fullmatch(value):
            return self._on(value)
        if match := _MOMENT.fullmatch(value):
            return self._moments(match[1], match[2])
        if match := _TIME.fullmatch(value):
            return self._times.get(time(int(match[1]), int(match[2])), [])
        if value in DECIMALS:
            return self._currencies(value)
        number = exact(value)
        return [] if number is None else self._numbers.get(number, [])

    def _on(self, day: str) -> list[Place]:
        try:
            return self._dates.get(date.fromisoformat(day), [])
        except ValueError:
            return []

    def _moments(self, day: str, hour: str) -> list[Place]:
        """A date with the time near it."""
        match = _TIME.fullmatch(hour)
        days = self.words.find(day) or self._on(day)
        clock = self._times.get(time(int(match[1]), int(match[2])), []) if match else []
        return list(_pairs(days, clock))

    def _currencies(self, code: str) -> list[Place]:
        places = [
            place._replace(ambiguous=shared)
            for sign, shared in signs(code)
            for place in self.words.find(sign)
        ]
        sure = [place for place in places if not place.ambiguous]
        return sorted(sure or places, key=lambda place: place.start)

    @cached_property
    def _plain(self) -> str:
        return plain(self._source)

    @cached_property
    def _numbers(self) -> dict[Decimal, list[Place]]:
        decided = self._locale.decimal or numbers.mark(self._plain)
        return numbers.find(self._plain, self._wanted, self._locale, decided)

    @cached_property
    def _dates(self) -> dict[date, list[Place]]:
        return dates.find(self._plain, self._locale)

    @cached_property
    def _times(self) -> dict[time, list[Place]]:
        return times.find(self._plain)


def _pairs(days: list[Place], clock: list[Place]) -> Iterator[Place]:
    """Both lists are in order, so each is gone through once."""
    at = 0
    for day in days:
        while at < len(clock) and clock[at].end < day.start - _NEAR:
            at += 1
        if at < len(clock) and clock[at].start <= day.end + _NEAR:
            near = clock[at]
            yield Place(min(day.start, near.start), max(day.end, near.end), day.ambiguous)
