"""Amounts as somebody wrote them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence import numbers
from app.evidence.amounts import read
from app.evidence.issues import Unclear
from app.evidence.locales import Locale, locale
from tests.evidence.spellings import cents, spellings
from tests.properties import any_texts, examples

_ANY = Locale()


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.250,00 €", "1250.00"),
        ("1,250.00 EUR", "1250.00"),
        ("(1,250.00)", "-1250.00"),
        ("1’250.50", "1250.50"),
        ("1 250,00", "1250.00"),
        ("12,34,567.89", "1234567.89"),
        ("₹ 1,25,000", "125000"),
        ("１，２５０．００円", "1250.00"),
        ("١٬٢٥٠٫٥٠", "1250.50"),
        ("RM9.00", "9.00"),
        ("R$ 1.250,00", "1250.00"),
        ("1.250.000", "1250000"),
        ("0.250", "0.250"),
        ("−5,00", "-5.00"),
        ("USD -1,250.00", "-1250.00"),
        ("5.00-", "-5.00"),
    ],
)
def test_an_amount_with_one_meaning(written: str, amount: str) -> None:
    """Separators, currencies, parentheses and digits of all kinds are read without a locale."""
    assert read(written, _ANY) == Decimal(amount)


@pytest.mark.parametrize("written", ["1,250", "1.250", "(1,250)", "１，２５０", "12.345 €"])
def test_an_ambiguous_amount_is_not_guessed(written: str) -> None:
    """Thousands or decimals: without a locale nobody says which."""
    with pytest.raises(Unclear) as caught:
        read(written, _ANY)
    assert caught.value.code == "ambiguous_amount"


@pytest.mark.parametrize(
    ("written", "tag", "amount"),
    [
        ("1.250", "de-DE", "1250"),
        ("1.250", "en-US", "1.250"),
        ("1,250", "en_IN", "1250"),
        ("1,250", "fr", "1.250"),
        ("(1,250)", "en", "-1250"),
        ("1.250", "de-CH", "1.250"),
        ("1,250", "es-MX", "1250"),
        ("1,250", "zh-Hant-TW-u-nu-latn", "1250"),
        ("12.50", "de", "12.50"),
    ],
)
def test_a_locale_decides(written: str, tag: str, amount: str) -> None:
    """Between two meanings the caller's locale decides, and it forbids no other spelling."""
    assert read(written, locale(tag)) == Decimal(amount)


@pytest.mark.parametrize("tag", ["en-ZA", "fr-CH", "xx"])
def test_an_undecided_locale_decides_nothing(tag: str) -> None:
    """Where a region writes both ways, the amount stays ambiguous."""
    with pytest.raises(Unclear):
        read("1.250", locale(tag))


@pytest.mark.parametrize(
    "written", ["", "abc", "1.2.3", "1,25,00", "1 or 2", "5 large green apples", "½", "9" * 200]
)
def test_what_is_no_amount(written: str) -> None:
    """No number, two numbers, or digits set apart as in none."""
    with pytest.raises(Unclear) as caught:
        read(written, _ANY)
    assert caught.value.code == "not_an_amount"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Net 106.10, gross 1.250", "."),
        ("Summe 1.106,10", ","),
        ("1,250,000 in all", "."),
        ("at 13.30 on 24.12., from 9.00", None),
        ("106.10 or 106,10", None),
        ("1.250", None),
        ("1" * 100_000, None),
    ],
)
def test_a_text_shows_its_mark(text: str, mark: str | None) -> None:
    """Numbers with one meaning show it; what can be a time or a day and month shows nothing."""
    assert numbers.mark(text) == mark


@examples(150)
@given(cents, st.data())
def test_every_spelling_is_read_exactly(number: int, data: st.DataObject) -> None:
    """No spelling of an amount loses or gains a cent."""
    written = data.draw(st.sampled_from(spellings(number)))
    assert read(written, _ANY) == Decimal(number) / 100


@examples(150)
@given(any_texts)
def test_any_text_is_read_or_refused(written: str) -> None:
    """There is a finite amount or an issue, and nothing else."""
    try:
        amount = read(written, _ANY)
    except Unclear:
        return
    assert amount.is_finite()


@pytest.mark.parametrize("tag", ["", "german", "d", "de-", "de/DE", "1"])
def test_what_is_no_locale(tag: str) -> None:
    """It is refused with a sentence that shows one."""
    with pytest.raises(ValueError, match="de-CH"):
        locale(tag)
