"""Where a text says what was extracted from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.fields import Field, Hints, ambiguities, judged_by
from app.evidence.finding import find
from app.evidence.issues import Issue
from app.evidence.locales import locale
from tests.evidence.spellings import around, cents, spellings
from tests.properties import any_texts, examples

_DAYS = st.dates(date(1000, 1, 1))
_VALUES = st.one_of(
    any_texts,
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.decimals(),
    st.booleans(),
    st.none(),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="minutes")),
    st.sampled_from(["EUR", "USD", "17:30", "2026-02-30", "1" * 5000]),
)


def _one(source: str, value: Any, **more: Any) -> Field:
    return find(source, {"value": value}, **more)[0]


def _quote(source: str, value: Any, **more: Any) -> str | None:
    there = _one(source, value, **more).evidence
    return there.quote if there else None


@pytest.mark.parametrize(
    ("source", "value", "quote"),
    [
        ("Total 1,250.00 EUR", Decimal("1250"), "1,250.00"),
        ("Summe 1.250,00 €", 1250.0, "1.250,00"),
        ("合計１，２５０．００円", 1250, "１，２５０．００"),
        ("a loss of (3,100.50)", -3100.5, "3,100.50"),
        ("ROUNDING RM-0.02", -0.02, "0.02"),
        ("- 5 apples", 5, "5"),
        ("2018-12", 12, "12"),
        ("fällig am 3. März\n2026", "2026-03-03", "3. März\n2026"),
        ("on 2026/3/3 at 9:30 pm", "2026-03-03T21:30", "2026/3/3 at 9:30 pm"),
        ("um 15.30 Uhr", "15:30", "15.30 Uhr"),
        ("12 €", "EUR", "€"),
        ("ACME\n  Trading GmbH", "Acme Trading GmbH", "ACME\n  Trading GmbH"),
        ("請求元株式会社田中御中", "田中", "田中"),
        ("ｶﾞｽ料金", "ガス", "ｶﾞｽ"),
        ("삼성전자는", "삼성전자", "삼성전자"),
        ("Cafe\u0301 Zu\u0308rich", "Café Zürich", "Cafe\u0301 Zu\u0308rich"),
        ("Café", "CAFE\u0301", "Café"),
        ("hello 👩‍👩‍👧 there", "👩‍👩‍👧", "👩‍👩‍👧"),
        ("L’Oréal", "L'Oréal", "L’Oréal"),
        ("in\xadvoice", "invoice", "in\xadvoice"),
        ("in 12.05.2026", 2026, "2026"),
        ("price 1250.00", "1250.0", "1250.00"),
    ],
)
def test_a_value_in_another_spelling(source: str, value: Any, quote: str) -> None:
    """Separators, languages, width, composition, capitals and line breaks don't hide a value."""
    assert _quote(source, value) == quote


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1,520.00", 1250.0),
        ("1,250.00", 250.0),
        ("1,250.00", "250.00"),
        ("1\xa0250,00", 250.0),
        ("1’250.00", 250),
        ("12026", 2026),
        ("12026", "2026"),
        ("20261", 2026),
        ("1.250.00", 250.0),
        ("10²", 10),
        ("10²", "102"),
        ("10²", "10"),
        ("10万円", "10"),
        ("-5.00", "5.00"),
        ("1½", 1),
        ("10万円", 10),
        ("-5.00", 5),
        ("5.00", -5),
        ("007", 7.5),
        ("7", "007"),
        ("25/12/2018", "2019-12-25"),
        ("30/02/2026", "2026-02-30"),
        ("today", "to day"),
        ("BHD", "BND"),
        ("true", True),
    ],
)
def test_what_the_text_does_not_say(source: str, value: Any) -> None:
    """A number is no part of another, a word no part of another, and no digit is overlooked."""
    found = _one(source, value, hints=Hints(confidence={(): 0.99}))
    assert (found.support, found.evidence) == ("unsupported", None)
    assert (found.confidence, found.source) == (0.2, "evidence")


@examples(200)
@given(any_texts, st.lists(_VALUES, max_size=4), any_texts)
def test_a_quote_stands_at_its_offsets(before: str, values: list[Any], after: str) -> None:
    """For any text and any value `source[start:end] == quote`, and nothing breaks."""
    source = before + " ".join(map(str, values)) + after
    fields = find(source, {"values": values, "whole": source})
    there = [field.evidence for field in fields if field.evidence]
    assert all(source[each.start : each.end] == each.quote for each in there)


@examples(150)
@given(around, cents, around, st.data())
def test_a_number_is_found_in_every_spelling(
    before: str, number: int, after: str, data: st.DataObject
) -> None:
    """Whatever stands around it, on its own line it is found, all of it."""
    spelled = data.draw(st.sampled_from(spellings(number)))
    source = f"{before}\n{spelled}\n{after}"
    assert _quote(source, Decimal(number) / 100) == spelled


@examples(200)
@given(around, cents, around, st.data())
def test_a_changed_digit_is_never_supported(
    before: str, number: int, after: str, data: st.DataObject
) -> None:
    """Neither as a number nor as a text, however the text spells the true one."""
    spelled = data.draw(st.sampled_from(spellings(number)))
    digits = list(str(number))
    at = data.draw(st.integers(0, len(digits) - 1))
    digits[at] = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[at]]))
    wrong = Decimal("".join(digits)) / 100
    for value in (wrong, f"{wrong:.2f}", f"{wrong:,.2f}"):
        assert _one(f"{before}{spelled}{after}", value).support == "unsupported"


@examples(100)
@given(_DAYS, _DAYS, st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d %B %Y"]))
def test_another_day_is_never_supported(day: date, other: date, form: str) -> None:
    """Only the day that the text says is supported."""
    assert (_one(f"{day:{form}}", str(other)).support == "found") == (day == other)


@examples(100)
@given(st.lists(st.text("aé漢字ß-.,1", min_size=1, max_size=6), min_size=1, max_size=8), st.data())
def test_a_line_of_the_text_is_found(words: list[str], data: st.DataObject) -> None:
    """Some words of a text, with other white space and capitals, are found where they stand."""
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    value = " \n ".join(words[first:last]).upper()
    found = _one("\n".join(words), value)
    assert found.evidence
    assert found.evidence.quote.upper().split() == value.split()


def test_the_label_decides_between_places() -> None:
    """Of equal amounts, each is taken from behind its own name."""
    source = "Change 5.00\nTotal 5.00\nTax 5.00"
    fields = find(source, {"total": 5, "tax": 5, "change": 5})
    assert [field.evidence and field.evidence.start for field in fields] == [18, 27, 7]


def test_a_declared_label_counts() -> None:
    """A schema can say what texts call a field."""
    hints = Hints(labels={"amount": ["zu zahlen"]})
    assert find("Netto 7,50 zu zahlen 7,50", {"amount": 7.5}, hints=hints)[0].evidence == (
        find("Netto 7,51 zu zahlen 7,50", {"amount": 7.5})[0].evidence
    )


def test_rows_have_their_own_places() -> None:
    """Two rows that say the same stand in two places, in their order."""
    source = "Widget 9.00\nGadget 8.00\nWidget 9.00"
    rows = [{"name": n, "price": p} for n, p in (("Widget", 9), ("Gadget", 8), ("Widget", 9))]
    starts = [field.evidence and field.evidence.start for field in find(source, {"rows": rows})]
    assert starts == [0, 7, 12, 19, 24, 31]


def test_the_models_quote_says_where() -> None:
    """A quote that stands in the text and holds the value decides between places."""
    hints = Hints(quotes={("value",): "second: 5.00"})
    found = _one("first: 5.00\nsecond:\n5.00", 5, hints=hints).evidence
    assert found
    assert found.start == 20


@pytest.mark.parametrize("quote", ["total: 1,250.00", "first: 5.00 and more"])
def test_a_quote_that_proves_nothing_is_not_believed(quote: str) -> None:
    """Whether it isn't in the text or doesn't hold the value, the text itself is searched."""
    hints = Hints(quotes={("value",): quote})
    assert _quote("total: 1,520.00, first: 5.00", 1250, hints=hints) is None
    assert _quote("total: 1,520.00, first: 5.00", 5, hints=hints) == "5.00"


def test_a_judgement_has_a_quote() -> None:
    """What isn't said word for word is supported by a quote that stands in the text, or not."""
    hints = Hints(judged={"mood"}, quotes={("mood",): "very angry", ("urgent",): "not there"})
    mood, urgent = find("I am VERY\nangry", {"mood": "negative", "urgent": True}, hints=hints)
    assert (mood.support, mood.evidence and mood.evidence.quote) == ("quoted", "VERY\nangry")
    assert urgent.support == "unsupported"


def test_what_is_beside_the_text_is_no_field() -> None:
    """A model's confidence is not looked for in the text; a null has nothing to be found."""
    fields = find("x", {"confidence": 0.9, "a": None}, hints=Hints(beside={"confidence"}))
    assert [(field.path, field.support, field.confidence) for field in fields] == [
        (("a",), "absent", None)
    ]


def test_an_ambiguous_place_is_flagged() -> None:
    """What can be read otherwise is found, with less confidence and an issue; a locale decides."""
    source = "am 03/04/2026: 1.250"
    data = {"day": "2026-04-03", "sum": 1250}
    fields = find(source, data, hints=Hints(confidence={(): 0.95}))
    assert [issue.path for issue in ambiguities(fields)] == [("day",), ("sum",)]
    assert {(field.confidence, field.source) for field in fields} == {(0.5, "evidence")}
    assert ambiguities(find(source, data, locale=locale("de"))) == []


def test_a_locale_rules_the_other_reading_out() -> None:
    """A date or an amount that only another country would read so is not supported."""
    fields = find("03/04/2026: 1.250", {"d": "2026-03-04", "a": 1.25}, locale=locale("de"))
    assert {field.support for field in fields} == {"unsupported"}


def test_numbers_beside_each_other_or_one() -> None:
    """A plain space may set thousands apart: both readings are flagged, unless a locale decides."""
    assert all(_one("1 250,00", value).evidence for value in (1250, 250, 1))
    assert ambiguities([_one("1 250,00", 250)])
    assert _quote("1 250,00", 1250, locale=locale("fr")) == "1 250,00"
    assert _quote("1 250,00", 250, locale=locale("fr")) is None
    assert _quote("1 250.00", 250, locale=locale("en")) == "250.00"


def test_a_shared_sign_is_ambiguous() -> None:
    """A dollar sign is evidence of US dollars, but not only of them."""
    assert ambiguities([_one("$ 5", "USD")])
    assert not ambiguities([_one("US$ 5, $ 6", "USD")])


def test_confidence_says_where_it_comes_from() -> None:
    """From the model, as far as the text bears it; from a rule where an issue is about it."""
    hints = Hints(confidence={(): 0.4, ("b",): 0.8})
    fields = find("1 or 2", {"a": 1, "b": 2, "c": 3}, hints=hints)
    assert [(field.confidence, field.source) for field in fields] == [
        *((0.4, "model"), (0.8, "model"), (0.2, "evidence"))
    ]
    doubted = judged_by(fields, [Issue(("b",), "sum", "It is wrong.")])
    assert [(field.confidence, field.source) for field in doubted] == [
        *((0.4, "model"), (0.3, "rule"), (0.2, "evidence"))
    ]
