"""169 scanned receipts: the truth is found where it stands, and nothing but the truth."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.evidence.fields import Field
from app.evidence.finding import find
from app.evidence.locales import locale
from app.schemas.extraction import registry
from app.schemas.extraction.values import Reading

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "receipts.jsonl.gz"
_MALAYSIA = locale("en-MY")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")

pytestmark = pytest.mark.skipif(not _DATA.exists(), reason="the receipts are not here")


@pytest.fixture(scope="module")
def receipts() -> list[dict[str, Any]]:
    with gzip.open(_DATA, "rt") as lines:
        return [json.loads(line) for line in lines]


def _answered(receipt: dict[str, Any]) -> dict[str, Any]:
    """The truth, as the schema takes it in."""
    reading = Reading.of(receipt["text"], _MALAYSIA)
    checked = registry.find()["receipt"].check(receipt["key"], reading)
    assert checked.issues == []
    return {name: checked.data[name] for name in receipt["key"]}


def _fields(receipt: dict[str, Any], data: dict[str, Any]) -> Iterator[Field]:
    for field in find(receipt["text"], data, locale=_MALAYSIA):
        there = field.evidence
        assert there is None or receipt["text"][there.start : there.end] == there.quote
        yield field


def _stands(value: str, text: str) -> bool:
    """By the simplest means there are: without white space and capitals."""
    return "".join(value.casefold().split()) in "".join(text.casefold().split())


def test_the_truth_is_found_where_it_stands(receipts: list[dict[str, Any]]) -> None:
    """Every value that stands in its text is found, and no other: 642 of 676 leaves."""
    found: Counter[tuple[str, str]] = Counter()
    for receipt in receipts:
        for field in _fields(receipt, _answered(receipt)):
            found[str(field.path[0]), field.support] += 1
            written = receipt["key"][field.path[0]]
            if _stands(written, receipt["text"]):
                assert field.support == "found"
    assert found == {
        ("company", "found"): 164,
        ("company", "unsupported"): 5,
        ("address", "found"): 141,
        ("address", "unsupported"): 28,
        ("date", "found"): 168,
        ("date", "unsupported"): 1,
        ("total", "found"): 169,
    }


def test_another_year_is_never_supported(receipts: list[dict[str, Any]]) -> None:
    """Each of 59 other years makes each date unsupported."""
    for receipt in receipts:
        day = _answered(receipt)["date"]
        others = [f"{year}{day[4:]}" for year in range(1970, 2030) if str(year) != day[:4]]
        fields = list(_fields(receipt, {"dates": [d for d in others if not d.endswith("02-29")]}))
        assert {field.support for field in fields} == {"unsupported"}


def test_another_digit_is_never_supported(receipts: list[dict[str, Any]]) -> None:
    """Of all totals with one digit changed only those are found that stand there besides."""
    changed: Counter[str] = Counter()
    for receipt in receipts:
        total = f"{_answered(receipt)['total']:f}"
        numbers = {_cents(number) for number in _NUMBER.findall(receipt["text"])}
        for field in _fields(receipt, {"totals": list(_changes(total))}):
            besides = _cents(field.value) in numbers
            assert (field.support == "found") == besides
            changed[field.support] += 1
    assert changed["unsupported"] > 30 * changed["found"]


def _changes(number: str) -> Iterator[str]:
    for at, digit in enumerate(number):
        for other in "0123456789" if digit.isdigit() else "":
            changed = number[:at] + other + number[at + 1 :]
            if other != digit and not re.match("0[0-9]", changed):
                yield changed


def _cents(number: str) -> str:
    """The number without what its value doesn't need."""
    whole, _, rest = number.replace(",", "").partition(".")
    return f"{whole.lstrip('0')}.{rest.rstrip('0')}"
