"""Numbers as they stand in a text, digit for digit: what each can mean, and where one stands.

All texts here are `writing.plain`. A mark is what stands before the decimals.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterator, Set
from decimal import Decimal

from app.evidence.locales import Locale
from app.evidence.places import MOST, Place

# A run is as long as it can be: 250.00 is no part of 1,250.00.
_RUN = re.compile("[0-9]++(?:[.,'٬٫\xa0][0-9]++)*+")
_MARKED = re.compile("(?<![0-9])[0-9]++(?:[.,'٬٫\xa0][0-9]++)++")
# Thousands set apart with plain spaces, which may be numbers beside each other as well.
_SPACED = re.compile(
    r"(?<![0-9.,'])[1-9][0-9]{0,2}+(?: [0-9]{3}(?![0-9]))++(?:[.,٫][0-9]++)?+(?![.,']?[0-9])"
)
# The year of a date with dots is a number too, though all of it is none.
_YEAR = re.compile(r"(?<![0-9.,'])[0-9]{1,2}\.[0-9]{1,2}\.([0-9]{4})(?![0-9]|[.,'][0-9])")
_ONE = re.compile("([0-9]+)(?:([.,٫])([0-9]+))?")
_GROUPED = re.compile(
    "([1-9][0-9]{0,2}([.,'٬\xa0 ])[0-9]{3}(?:\\2[0-9]{3})*|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})"
    "(?:([.,٫])([0-9]+))?"
)
_SEPARATORS = str.maketrans("", "", ".,'٬٫\xa0 ")
_MOST_DIGITS = 60

_CURRENCY = r"[^\W\d_]{0,3}[$€£¥₹₩₽₺฿₫₱₪]? ?"
_MINUS = re.compile(rf"(^|[^-])-{_CURRENCY}$")
_OPENING = re.compile(rf"\( ?{_CURRENCY}$")
_CLOSING = re.compile(rf" ?{_CURRENCY}\)")


def readings(run: str, locale: Locale, mark: str | None = None) -> list[Decimal]:
    """What the digits can mean. `mark` is that of the text, for a locale that decides none."""
    if len(run) > _MOST_DIGITS:
        return []
    found = dict(_readings(run))
    decided = locale.decimal or mark
    if len(found) > 1 and decided in found:
        return [found[decided]]
    return list(dict.fromkeys(found.values()))


def mark(text: str) -> str | None:
    """The one mark that a text's numbers have, as far as each has but one meaning."""
    marks: set[str] = set()
    for match in _MARKED.finditer(text):
        marks |= _tells(match[0])
        if len(marks) > 1:
            return None
    return marks.pop() if marks else None


def find(
    text: str, wanted: Set[Decimal], locale: Locale, mark: str | None
) -> dict[Decimal, list[Place]]:
    """Where each of `wanted` stands, MOST places at most, in one pass."""
    missing: dict[str, set[Decimal]] = {}
    for value in wanted:
        missing.setdefault(_digits(value), set()).add(value)
    found: dict[Decimal, list[Place]] = {value: [] for value in wanted}
    for place in _runs(text, missing, locale):
        run = text[place.start : place.end]
        meant = readings(run, locale, mark)
        unsure = place.ambiguous or len(meant) > 1
        for value in {each * sign for each in meant for sign in signs(text, place)}:
            if value in wanted and len(found[value]) < MOST:
                found[value].append(place._replace(ambiguous=unsure))
        digits = _bare(run)
        if all(len(found[value]) == MOST for value in missing[digits]):
            del missing[digits]
    return {value: sorted(places, key=lambda place: place.start) for value, places in found.items()}


def _runs(text: str, digits: Container[str], locale: Locale) -> Iterator[Place]:
    """What has the digits of a wanted number, in order, whatever stands between them."""
    spaced = [] if locale.spaces is False else [match.span() for match in _SPACED.finditer(text)]
    sure = locale.spaces is True
    for start, end in spaced:
        if _bare(text[start:end]) in digits and stands_alone(text, start, end):
            yield Place(start, end, ambiguous=not sure)
    starts = [start for start, _ in spaced]
    for match in _RUN.finditer(text):
        start, end = match.span()
        if _bare(match[0]) in digits and stands_alone(text, start, end):
            at = bisect_right(starts, start) - 1
            inside = at >= 0 and start < spaced[at][1]
            if not (inside and sure):
                yield Place(start, end, ambiguous=inside)
    for match in _YEAR.finditer(text):
        if _bare(match[1]) in digits:
            yield Place(*match.span(1))


def _bare(run: str) -> str:
    return run.translate(_SEPARATORS).strip("0")


def _digits(value: Decimal) -> str:
    return "".join(map(str, value.as_tuple().digits)).strip("0")


def stands_alone(text: str, start: int, end: int) -> bool:
    """Not before or after what makes another number of it: 10², 1½, 10万."""
    around = text[start - 1 : start] + text[end : end + 1]
    return not any(sign.isnumeric() for sign in around)


def _readings(run: str) -> Iterator[tuple[str, Decimal]]:
    """By the mark with which it is read."""
    if match := _GROUPED.fullmatch(run):
        group = match[2] or ","
        if match[3] != group:
            whole = match[1].translate(_SEPARATORS)
            value = Decimal(f"{whole}.{match[4] or ''}")
            yield match[3] or {",": ".", ".": ","}.get(group, "."), value
    if match := _ONE.fullmatch(run):
        yield match[2] or ".", Decimal(f"{match[1]}.{match[3] or ''}")


def _tells(run: str) -> set[str]:
    """The mark that a run shows, unless it can be a time, a day and month, or thousands."""
    found = dict(_readings(run)) if len(run) <= _MOST_DIGITS else {}
    match = _ONE.fullmatch(run)
    if len(found) != 1:
        return set()
    if match and (len(match[3]) != 2 or (int(match[1]) < 32 and int(match[3]) < 60)):
        return set()
    return set(found) & {".", ","}


def signs(text: str, place: Place) -> tuple[int, ...]:
    """1, -1 or both: (5), and a dash after a letter or before a space, can be either."""
    before, after = text[max(0, place.start - 8) : place.start], text[place.end : place.end + 6]
    if minus := _MINUS.search(before):
        prior = minus[1]
        if prior.isdecimal() or prior == ")":
            return (1,)
        return (1, -1) if prior.isalpha() or before.endswith("- ") else (-1,)
    if _OPENING.search(before) and _CLOSING.match(after):
        return (1, -1)
    return (1, -1) if after[:1] == "-" and not after[1:2].isalnum() else (1,)
