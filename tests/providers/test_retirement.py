"""The headers that announce an end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers.retirement import announced
from tests.properties import any_texts, examples


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, {}),
        ({"date": "Sun, 06 Dec 2026 08:49:37 GMT", "content-type": "text/plain"}, {}),
        ({"deprecation": "@1688169599"}, {"deprecated": True}),
        ({"deprecation": "true"}, {"deprecated": True}),
        (
            {"sunset": "Sun, 06 Dec 2026 08:49:37 GMT"},
            {"deprecated": True, "retires": date(2026, 12, 6)},
        ),
        (
            {"deprecation": "@1688169599", "sunset": "Sun, 06 Dec 2026 23:30:00 -0100"},
            {"deprecated": True, "retires": date(2026, 12, 7)},
        ),
        ({"sunset": "soon"}, {"deprecated": True}),
        ({"sunset": "Sun, 99 Dec 99999 99:99:99 GMT"}, {"deprecated": True}),
        ({"sunset": "Fri, 31 Dec 9999 23:59:59 -2300"}, {"deprecated": True}),
    ],
)
def test_what_the_headers_say(headers: dict[str, str], said: dict[str, Any]) -> None:
    """RFC 9745's and RFC 8594's forms, in UTC; a date that cannot be read is none."""
    assert announced(headers) == said


@examples(150)
@given(st.dictionaries(st.sampled_from(["deprecation", "sunset", "link"]), any_texts))
def test_whatever_comes_is_borne(headers: dict[str, str]) -> None:
    """No header of a provider is an error of ours."""
    assert set(announced(headers)) <= {"deprecated", "retires"}
