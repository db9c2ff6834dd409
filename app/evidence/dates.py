"""Dates as they stand in a text, and what each can mean.

All texts here are `writing.plain`. Dots part day, month and year in this order wherever they are
used; of slashes and dashes only a locale knows the order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from app.evidence.issues import Unclear
from app.evidence.locales import Locale
from app.evidence.months import month
from app.evidence.places import MOST, Place
from app.evidence.writing import plain

_WORD = r"([^\W\d_][^\s\d.,/()'-]{1,14}+)\.?"
_OF = r"(?:(?:of|de|del)\s{1,2})?"
_GAP = r"[\s/.,-]{0,3}"
_NUMERIC = re.compile(
    r"(?<![0-9])(?<![0-9][-/.])([0-9]{1,4})( ?[-/.] ?)([0-9]{1,2})\2([0-9]{4}|[0-9]{1,2})"
    r"(?![0-9])(?![-/.][0-9])"
)
_SIGNS = re.compile(
    r"(?<![0-9])([0-9]{4}|[0-9]{2})\s?[年년]\s?([0-9]{1,2})\s?[月월]\s?([0-9]{1,2})\s?[日일号號]"
)
_TOGETHER = re.compile(r"(?<![0-9.,])((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?![0-9]|[.,][0-9])")
_DAY_FIRST = re.compile(
    rf"(?<![0-9])([0-9]{{1,2}})(?:st|nd|rd|th|er|[ºª°.])?[\s/-]{{0,3}}{_OF}{_WORD}{_GAP}{_OF}"
    r"([0-9]{4}|'?[0-9]{2})(?![0-9:])",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(rf"(?<![0-9])([0-9]{{4}}){_GAP}{_WORD}{_GAP}([0-9]{{1,2}})(?![0-9:])")
_MONTH_LAST = re.compile(r"(?<![0-9])([0-9]{1,2})(?:st|nd|rd|th)?[\s,-]{1,3}([0-9]{4})(?![0-9:])")
_BEFORE = re.compile(rf"{_WORD}[\s/-]{{0,3}}$")
_LONGEST_MONTH = 20
_LONGEST = 100


def scan(text: str, locale: Locale) -> Iterator[tuple[int, int, set[date]]]:
    """Start, end and meanings of all that can be a date."""
    for match in _NUMERIC.finditer(text):
        yield *match.span(), _numeric(match[1], match[2].strip(), match[3], match[4], locale)
    for each in (_SIGNS, _TOGETHER):
        for match in each.finditer(text):
            yield *match.span(), _real(match[1], match[2], match[3])
    for match in _DAY_FIRST.finditer(text):
        yield *match.span(), _real(match[3].strip("'"), month(match[2]), match[1])
    for match in _YEAR_FIRST.finditer(text):
        yield *match.span(), _real(match[1], month(match[2]), match[3])
    for match in _MONTH_LAST.finditer(text):
        start = max(0, match.start() - _LONGEST_MONTH)
        if word := _BEFORE.search(text[start : match.start()]):
            days = _real(match[2], month(word[1]), match[1])
            yield start + word.start(), match.end(), days


def find(text: str, locale: Locale) -> dict[date, list[Place]]:
    """By date, where it stands, in order and at MOST places."""
    found: dict[date, list[Place]] = {}
    for start, end, days in scan(text, locale):
        for day in days:
            places = found.setdefault(day, [])
            if len(places) < MOST:
                places.append(Place(start, end, ambiguous=len(days) > 1))
    for places in found.values():
        places.sort(key=lambda place: place.start)
    return found


def read(written: str, locale: Locale) -> date:
    """The one day that it can mean. Raises Unclear: `not_a_date`, or `ambiguous_date`."""
    text = plain(written).strip()
    days: set[date] = set()
    if len(text) <= _LONGEST:
        days = _days(text, locale)
    if not days:
        raise Unclear(
            "not_a_date", f'"{written[:40]}" is no day of the calendar. Write it as 2026-12-31.'
        )
    if len(days) > 1:
        both = " or ".join(sorted(map(str, days)))
        raise Unclear(
            "ambiguous_date",
            f'"{written[:40]}" can mean {both}. Write it as 2026-12-31 if the text says which, '
            "or else null; the caller's locale would decide it.",
        )
    return days.pop()


def _days(text: str, locale: Locale) -> set[date]:
    """What the whole text can mean; an abbreviated "year" may follow, but no digit."""
    scanned = scan(text, locale)
    return {
        day
        for start, end, days in scanned
        if start == 0 and not any(map(str.isdigit, text[end:]))
        for day in days
    }


def _numeric(first: str, between: str, middle: str, last: str, locale: Locale) -> set[date]:
    if len(first) == 4:
        return _real(first, middle, last) if len(last) < 4 else set()
    if len(first) == 3 or len(last) == 1:
        return set()
    orders = {"dmy": _real(last, middle, first)}
    if between != ".":
        orders["mdy"] = _real(last, first, middle)
    if len(first) == len(last) == 2:
        orders["ymd"] = _real(first, middle, last)
    decided = orders.get(locale.order or "")
    return decided or set().union(*orders.values())


def _real(year: str, in_year: str | int | None, day: str) -> set[date]:
    """The day, if the calendar has it."""
    if in_year is None:
        return set()
    try:
        return {date(_century(year), int(in_year), int(day))}
    except ValueError:
        return set()


def _century(year: str) -> int:
    """Of two digits as POSIX reads them: 69 to 99 are of the 20th century."""
    number = int(year)
    return number if len(year) == 4 else number + (1900 if number >= 69 else 2000)
