"""Dates as somebody wrote them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.dates import read
from app.evidence.issues import Unclear
from app.evidence.locales import Locale, locale
from app.evidence.months import month
from app.evidence.writing import plain
from tests.properties import any_texts, examples

_ANY = Locale()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-02-03", "2026-02-03"),
        ("25/12/2018", "2018-12-25"),
        ("12/25/2018", "2018-12-25"),
        ("3.2.2026", "2026-02-03"),
        ("3 February 2026", "2026-02-03"),
        ("Feb 3rd, 2026", "2026-02-03"),
        ("3. März 2026", "2026-03-03"),
        ("3. Ma\u0308rz 2026", "2026-03-03"),
        ("23-JAN-19", "2019-01-23"),
        ("23JAN2019", "2019-01-23"),
        ("3 de febrero de 2026", "2026-02-03"),
        ("1er août 2026", "2026-08-01"),
        ("3 февраля 2026 г.", "2026-02-03"),
        ("2026. február 3.", "2026-02-03"),
        ("3 فبراير 2026", "2026-02-03"),
        ("2026年2月3日", "2026-02-03"),
        ("２０２６年２月３日", "2026-02-03"),
        ("2026. 2. 3.", "2026-02-03"),
        ("20260203", "2026-02-03"),
        ("03/03/2026", "2026-03-03"),
    ],
)
def test_a_date_with_one_meaning(written: str, day: str) -> None:
    """Numbers and the names of months in many languages are read without a locale."""
    assert read(written, _ANY) == date.fromisoformat(day)


@pytest.mark.parametrize("written", ["03/04/2026", "3-4-26", "25-12-18", "03/04/26"])
def test_an_ambiguous_date_is_not_guessed(written: str) -> None:
    """Day or month first: without a locale nobody says which."""
    with pytest.raises(Unclear) as caught:
        read(written, _ANY)
    assert caught.value.code == "ambiguous_date"


@pytest.mark.parametrize(
    ("written", "tag", "day"),
    [
        ("03/04/2026", "en-US", "2026-03-04"),
        ("03/04/2026", "en-GB", "2026-04-03"),
        ("03/04/2026", "de", "2026-04-03"),
        ("03/04/26", "ja", "2003-04-26"),
        ("25/12/2018", "en-US", "2018-12-25"),
    ],
)
def test_a_locale_decides_the_order(written: str, tag: str, day: str) -> None:
    """Between two meanings the caller's locale decides; where there is one, it is that one."""
    assert read(written, locale(tag)) == date.fromisoformat(day)


@pytest.mark.parametrize("tag", ["en", "en-CA", "ja"])
def test_a_locale_that_does_not_know(tag: str) -> None:
    """English without a region, and who writes the year first, decide nothing here."""
    with pytest.raises(Unclear):
        read("03/04/2026", locale(tag))


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30",
        "2025-02-29",
        "31/04/2026",
        "0000-01-01",
        "3 jui 2026",
        "soon",
        "",
        "1.2.3.2026",
    ],
)
def test_what_is_no_day(written: str) -> None:
    """A day must be in the calendar, and a word must name one month."""
    with pytest.raises(Unclear) as caught:
        read(written, _ANY)
    assert caught.value.code == "not_a_date"


@examples(100)
@given(st.dates(date(1970, 1, 1), date(2068, 12, 31)), st.data())
def test_every_spelling_is_the_same_day(day: date, data: st.DataObject) -> None:
    """What says the month by name or the year first is never another day."""
    forms = [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%d.%m.%Y",
        "%d %B %Y",
        "%B %d, %Y",
        "%d-%b-%y",
        "%Y年%m月%d日",
    ]
    assert read(day.strftime(data.draw(st.sampled_from(forms))), _ANY) == day


@examples(150)
@given(any_texts)
def test_any_text_is_a_day_or_refused(written: str) -> None:
    """There is a day or an issue, and nothing else."""
    try:
        day = read(written, _ANY)
    except Unclear:
        return
    assert str(day.year)[-2:] in plain(written)


def test_a_month_by_its_first_letters() -> None:
    """They count as far as they mean one month."""
    assert [month(word) for word in ("sept", "Déc", "dec", "jui", "ma", "juil")] == [
        *(9, 12, 12, None, None, 7)
    ]
