"""What is wrong with an answer beyond its shape."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from app.evidence.issues import Path
from app.evidence.locales import locale
from app.schemas.extraction import registry
from app.schemas.extraction.base import Checked
from app.schemas.extraction.values import Reading

_INVOICE = {
    "vendor_name": "ACME",
    "invoice_date": "2026-03-01",
    "due_date": "2026-03-31",
    "currency": "EUR",
    "amount": 1250.0,
    "line_items": [{"amount": 1000}, {"amount": "250.00"}],
    "confidence": 0.9,
}


def _checked(name: str, answer: object, source: str = "", tag: str | None = None) -> Checked:
    reading = Reading.of(source, locale(tag) if tag else None)
    return registry.find()[name].check(answer, reading)


def _codes(checked: Checked) -> list[tuple[Path, str]]:
    return [(issue.path, issue.code) for issue in checked.issues]


def test_a_good_invoice() -> None:
    """It has no issue, its amounts are exact, and it is JSON."""
    checked = _checked("invoice", _INVOICE)
    assert checked.issues == []
    assert checked.data["line_items"][1]["amount"] == Decimal("250.00")
    encoded = msgspec.json.Encoder(decimal_format="number").encode(checked.data)
    assert b'"amount":1250.0,' in encoded
    assert b'"due_date":"2026-03-31"' in encoded


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"currency": "EUX"}, ("currency",), "not_a_currency"),
        ({"currency": "$"}, ("currency",), "ambiguous_currency"),
        ({"due_date": "2026-02-30"}, ("due_date",), "not_a_date"),
        ({"due_date": "03/04/2026"}, ("due_date",), "ambiguous_date"),
        ({"due_date": "2026-02-28"}, ("due_date",), "before"),
        ({"amount": 1250.02}, ("amount",), "sum"),
        ({"amount": "1.250"}, ("amount",), "ambiguous_amount"),
        ({"amount": "a lot of money"}, ("amount",), "not_an_amount"),
        ({"amount": True}, ("amount",), "shape"),
        ({"amount": float("nan")}, ("amount",), "shape"),
        ({"vendor_name": 3}, ("vendor_name",), "shape"),
        ({"confidence": 1.5}, ("confidence",), "shape"),
        ({"paid": True}, ("paid",), "unknown_field"),
        ({"line_items": [{"amount": "1.250"}]}, ("line_items", 0, "amount"), "ambiguous_amount"),
        ({"line_items": [{"price": 1}]}, ("line_items", 0, "price"), "unknown_field"),
        ({"line_items": [3]}, ("line_items", 0), "shape"),
    ],
)
def test_a_violation_is_an_issue(changes: dict[str, Any], path: Path, code: str) -> None:
    """With its path, its code and a sentence; there is no other, and the answer stays as it was."""
    checked = _checked("invoice", _INVOICE | changes)
    assert _codes(checked) == [(path, code)]
    assert checked.issues[0].sentence.endswith(".")
    held: Any = checked.data
    said: Any = _INVOICE | changes
    for step in path:
        held, said = held[step], said[step]
    assert str(held) == str(said)


def test_an_answer_that_is_no_object() -> None:
    """It is an issue of the whole."""
    assert _codes(_checked("invoice", ["a"])) == [((), "shape")]


@pytest.mark.parametrize(
    ("written", "source", "tag", "amount"),
    [
        ("1.250", "", "de", "1250"),
        ("1.250", "Netto 1.050,42", None, "1250"),
        ("1.250", "net 106.10", None, "1.250"),
        ("(1,250.00)", "", None, "-1250.00"),
    ],
)
def test_the_locale_or_the_text_decides(
    written: str, source: str, tag: str | None, amount: str
) -> None:
    """What would be ambiguous by itself is read as the caller or the text writes numbers."""
    checked = _checked("invoice", {"amount": written}, source, tag)
    assert (checked.data["amount"], checked.issues) == (Decimal(amount), [])


@pytest.mark.parametrize(("tag", "day"), [("en-US", "2026-03-04"), ("en-GB", "2026-04-03")])
def test_the_locale_decides_a_date(tag: str, day: str) -> None:
    """It becomes ISO 8601."""
    assert _checked("invoice", {"due_date": "03/04/2026"}, tag=tag).data["due_date"] == day


@pytest.mark.parametrize(
    ("currency", "amount", "lines", "more"),
    [
        ("EUR", 10.01, [3.33, 3.33, 3.34], {}),
        ("EUR", 10.01, [3.335, 3.335, 3.335], {}),
        ("JPY", 101, [33, 33, 34], {}),
        ("KWD", 10.001, [5, 5], {}),
        ("EUR", 119, [50, 50], {"tax": 19}),
        ("EUR", 100, [50, 50], {"tax": 15.97}),
        ("EUR", -5, [-5], {}),
        ("EUR", 5, [None, 4], {}),
    ],
)
def test_lines_that_add_up(
    currency: str, amount: Any, lines: list[Any], more: dict[str, Any]
) -> None:
    """Within the rounding of the currency, with or without the tax, or unknown."""
    items = [{"amount": line} for line in lines]
    answer = {"currency": currency, "amount": amount, "line_items": items, **more}
    assert _checked("invoice", answer).issues == []


@pytest.mark.parametrize(
    ("currency", "amount", "lines"),
    [
        ("EUR", 10.02, [3.33, 6.67]),
        ("KWD", 10.01, [5, 5]),
        (None, 10.02, [10]),
        ("JPY", 103, [33, 33, 34]),
    ],
)
def test_lines_that_do_not_add_up(currency: str | None, amount: Any, lines: list[Any]) -> None:
    """More than rounding explains is an issue that names both sums."""
    items = [{"amount": line} for line in lines]
    answer = {"currency": currency, "amount": amount, "line_items": items}
    checked = _checked("invoice", answer)
    assert _codes(checked) == [(("amount",), "sum")]
    assert str(amount) in checked.issues[0].sentence


def test_a_receipt_may_be_rounded() -> None:
    """By what it says itself."""
    answer = {"total": 55.10, "tax": 3.12, "rounding": -0.02, "line_items": [{"amount": 52}]}
    assert _checked("receipt", answer).issues == []
    assert _codes(_checked("receipt", {**answer, "rounding": None})) == [(("total",), "sum")]


@pytest.mark.parametrize(("said", "code"), [("eur", "EUR"), ("€", "EUR"), (" usd ", "USD")])
def test_a_currency_that_can_be_but_one(said: str, code: str) -> None:
    """It becomes the code."""
    assert _checked("invoice", {"currency": said}).data["currency"] == code


def test_capitals_are_put_right() -> None:
    """A choice in other capitals is taken as it is meant, and it is said where."""
    checked = _checked("classification", {"intent": "Question", "urgency": " HIGH "})
    assert (checked.data["intent"], checked.data["urgency"]) == ("question", "high")
    assert checked.repaired == [("intent",), ("urgency",)]
    assert _codes(_checked("classification", {"intent": "quest"})) == [(("intent",), "shape")]


def test_what_the_model_said_stays() -> None:
    """The answer that came in is not changed."""
    answer = {"intent": "QUESTION"}
    _checked("classification", answer)
    assert answer == {"intent": "QUESTION"}


def test_depth_is_no_danger() -> None:
    """What is nested deeper than anything of ours is an issue, and no crash."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert _codes(_checked("invoice", {"amount": deep})) == [(("amount",), "shape")]
    assert _codes(_checked("contact", {"deep": deep})) == [(("deep",), "unknown_field")]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"end_date": "2026-03-03"}, [(("end_date",), "before")]),
        ({"end_time": "9:00"}, [(("end_time",), "before")]),
        ({"end_date": "2026-03-05", "end_time": "09:00"}, []),
        ({"start_time": "25:00"}, [(("start_time",), "not_a_time")]),
        ({"start_time": "5 pm"}, [(("start_time",), "not_a_time")]),
    ],
)
def test_an_event_ends_after_it_begins(changes: dict[str, Any], codes: list[Any]) -> None:
    """Its days are in order, and so are its times where it is one day."""
    event = {"start_date": "2026-03-04", "end_date": "2026-03-04", "start_time": "17:00"}
    assert _codes(_checked("event", {**event, "end_time": "18:30", **changes})) == codes


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ({"email": "ada@example.com", "phone": "+44 20 7946 0000"}, []),
        ({"email": "ada at example"}, [(("email",), "shape")]),
        ({"phone": "call me"}, [(("phone",), "not_a_phone")]),
        ({"phone": "1" * 16}, [(("phone",), "not_a_phone")]),
    ],
)
def test_a_contact_can_be_reached(answer: dict[str, Any], codes: list[Any]) -> None:
    """By an address and a number that can exist."""
    assert _codes(_checked("contact", answer)) == codes
