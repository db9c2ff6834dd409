"""What a provider asks for is read as RFC 9110 and the vendors write it, and nothing breaks it."""

from __future__ import annotations

import math
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RateLimited
from app.providers.retry_after import retry_after
from tests.properties import examples


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("4294967", 4294967.0),
        ("9" * 400, 1e10),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Sun Nov  6 08:49:37 1994", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1e10),
        *((odd, None) for odd in ("", "-5", "soon", "1e5", "inf", "nan", "0x10", "٣", "1, 2")),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_seconds(said: str, seconds: float | None) -> None:
    """Whole and decimal numbers and dates are waits, however long; what is neither is none."""
    assert retry_after({"retry-after": said}) == seconds


def test_a_date_is_a_wait_from_now() -> None:
    """An HTTP date in the future is that many seconds away."""
    wait = retry_after({"retry-after": formatdate(time.time() + 90, usegmt=True)})
    assert wait is not None
    assert 60 < wait <= 90


def test_milliseconds_come_first() -> None:
    """OpenAI's finer header decides where it is, and where it is broken the other does."""
    assert retry_after({"retry-after-ms": "1500", "retry-after": "2"}) == 1.5
    assert retry_after({"retry-after-ms": "soon", "retry-after": "2"}) == 2.0
    assert retry_after({}) is None


_DATES = st.builds(
    "{}, {} {} {} {} {}".format,
    st.sampled_from(["Mon", "Montag", ""]),
    st.integers(-5, 10**6),
    st.sampled_from(["Jan", "Feb", "Foo"]),
    st.integers(-5, 10**20),
    st.sampled_from(["00:00:00", "99:99:99", "1", "12.30", ":"]),
    st.sampled_from(["GMT", "+9999", "-99999999", "EST", "", "-0000"]),
)


@examples(300)
@given(st.text() | _DATES | st.text("0123456789:,-+. JanFebGMT"))
def test_nothing_breaks_it(said: str) -> None:
    """Any header is a wait that can be counted and told to a caller, or none."""
    for name in ("retry-after", "retry-after-ms"):
        wait = retry_after({name: said})
        assert wait is None or (math.isfinite(wait) and wait >= 0)
        assert RateLimited("Busy.", provider="own", retry_after=wait).problem().code
