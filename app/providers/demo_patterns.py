"""Patterns by which the demo model finds values: all of them say what stands there, as it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

Finder = Callable[[str, Sequence[str]], str | None]

_MONTHS = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|"
    "aug(?:ust)?|sep(?:t|tember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_DAY = re.compile(
    r"\b(?P<iso>\d{4}-\d{2}-\d{2})\b"
    rf"|\b(?P<d1>\d{{1,2}})\.?\s+(?P<m1>{_MONTHS})\.?,?\s+(?P<y1>\d{{4}})\b"
    rf"|\b(?P<m2>{_MONTHS})\.?\s+(?P<d2>\d{{1,2}}),?\s+(?P<y2>\d{{4}})\b"
    r"|\b(?P<other>\d{1,2}[./]\d{1,2}[./]\d{4})\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?<![\w.,/:-])\d[\d.,'’]*(?![\w/:-])")
_WITH_CENTS = re.compile(r"[.,]\d\d$")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"\+?\(?\d[\d ()/.-]{5,18}\d")
_WEB = re.compile(r"\b(?:https?://|www\.)[^\s<>\"']{1,200}[^\s<>\"'.,;:)]")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_CURRENCY = re.compile(r"\b(EUR|USD|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|AUD|CAD|MYR)\b|([€£])")
_SIGNS = {"€": "EUR", "£": "GBP"}
_NEAR = 60  # characters after a label in which its value is looked for
_MONTH_NUMBERS = ["jan", "feb", "ma", "ap", "ma", "jun", "jul", "aug", "sep", "o", "nov", "de"]


def day(document: str, labels: Sequence[str]) -> str | None:
    """As ISO 8601 where the text leaves no choice, or else as it stands."""
    match = _near(_DAY, document, labels) or _only(_DAY, document)
    if match is None or match["iso"] or match["other"]:
        return match[0] if match else None
    number = match["d1"] or match["d2"]
    return f"{match['y1'] or match['y2']}-{_month(match['m1'] or match['m2']):02}-{int(number):02}"


def amount(document: str, labels: Sequence[str]) -> str | None:
    near = _near(_AMOUNT, document, labels)
    if near:
        return near[0].rstrip(".,'’")
    if "total" not in labels:
        return None
    with_cents = [m[0] for m in _AMOUNT.finditer(document) if _WITH_CENTS.search(m[0])]
    return with_cents[0] if len(set(with_cents)) == 1 else None


def email(document: str, _: Sequence[str]) -> str | None:
    return _first(_EMAIL, document)


def phone(document: str, labels: Sequence[str]) -> str | None:
    near = _near(_PHONE, document, (*labels, "tel", "telephone", "mobile"))
    return near[0] if near else None


def website(document: str, _: Sequence[str]) -> str | None:
    return _first(_WEB, document)


def clock(document: str, labels: Sequence[str]) -> str | None:
    match = _near(_CLOCK, document, labels) or _only(_CLOCK, document)
    return f"{int(match[1]):02}:{match[2]}" if match else None


def currency(document: str, _: Sequence[str]) -> str | None:
    codes = {_SIGNS.get(match[0], match[0]) for match in _CURRENCY.finditer(document)}
    return codes.pop() if len(codes) == 1 else None


def labelled(document: str, labels: Sequence[str]) -> str | None:
    """What stands behind `Label:` on its line."""
    for label in labels:
        match = re.search(rf"^\s*{re.escape(label)}\s*[:：]\s*(\S.{{0,200}})$", document, _LINES)
        if match:
            return match[1].strip()
    return None


def first_line(document: str) -> str | None:
    lines = (line.strip() for line in document.splitlines())
    return next((line[:200] for line in lines if line), None)


def chosen(document: str, options: Sequence[Any]) -> Any:
    """The only option that the text names; null where that is allowed."""
    words = set(re.findall(r"\w+", document.casefold()))
    named = [one for one in options if isinstance(one, str) and one.casefold() in words]
    if len(named) == 1:
        return named[0]
    return None if None in options or not options else options[0]


def number(written: str) -> float | int | None:
    """What the digits are, where one can tell."""
    plain = re.sub(r"[^\d.,]", "", written)
    if cents := re.search(r"[.,](\d\d)$", plain):
        return float(f"{re.sub(r'[.,]', '', plain[: cents.start()]) or 0}.{cents[1]}")
    return int(plain) if plain.isdigit() else None


_LINES = re.IGNORECASE | re.MULTILINE


def _near(pattern: re.Pattern[str], document: str, labels: Sequence[str]) -> re.Match[str] | None:
    """The first one behind a label; the labels that come first count more."""
    for label in labels:
        for found in re.finditer(rf"\b{re.escape(label)}\b", document, re.IGNORECASE):
            match = pattern.search(document, found.end())
            if match and match.start() - found.end() <= _NEAR:
                return match
    return None


def _only(pattern: re.Pattern[str], document: str) -> re.Match[str] | None:
    matches = list(pattern.finditer(document))
    return matches[0] if len(matches) == 1 else None


def _first(pattern: re.Pattern[str], document: str) -> str | None:
    match = pattern.search(document)
    return match[0] if match else None


def _month(name: str) -> int:
    name = name.lower().replace("ä", "a")
    if name.startswith("mar"):
        return 3
    if name.startswith("ma"):
        return 5
    return next(n for n, begin in enumerate(_MONTH_NUMBERS, 1) if name.startswith(begin))
