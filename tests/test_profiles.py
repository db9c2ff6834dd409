"""What a model can do, written down."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profiles import Profile, Table, fitting, read
from tests.properties import examples, texts

_DAY = date(2026, 11, 21)


def test_a_table_is_read() -> None:
    """JSON becomes the values that a Profile has, and says nothing of what it leaves out."""
    text = (
        '{"a/b*": {"retires": "2027-01-02", "max_output_tokens": null, "images": false}, "c/d": {}}'
    )
    assert read(text) == {
        "a/b*": {"retires": date(2027, 1, 2), "max_output_tokens": None, "images": False},
        "c/d": {},
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "Not a JSON object"),
        ("[]", "Not a JSON object"),
        ('{"a/b": 1}', "Not a JSON object"),
        ('{"a": {}}', "'a' is not written provider/model"),
        ('{"/b": {}}', "'/b' is not written provider/model"),
        ('{"a/": {}}', "'a/' is not written provider/model"),
        ('{"a/b": {"vision": true}}', "a/b: .*vision"),
        ('{"a/b": {"images": "yes"}}', "a/b: .*images"),
        ('{"a/b": {"images": null}}', "a/b: .*images"),
        ('{"a/b": {"context_window": "9"}}', "a/b: .*context_window"),
        ('{"a/b": {"context_window": true}}', "a/b: .*context_window"),
        ('{"a/b": {"context_window": 0}}', "a/b: .*context_window"),
        ('{"a/b": {"temperature": true}}', "a/b: .*temperature"),
        ('{"a/b": {"temperature": "maybe"}}', "a/b: .*temperature|a/b: .*maybe"),
        ('{"a/b": {"retires": "soon"}}', "a/b: .*retires"),
    ],
)
def test_what_is_wrong_is_said(text: str, complaint: str) -> None:
    """A bad table is refused with a sentence that names the model and the field."""
    with pytest.raises(ValueError, match=rf"^{complaint}.*\.$"):
        read(text)


@examples(80)
@given(st.one_of(texts, st.recursive(st.none() | st.booleans() | texts, st.lists).map(json.dumps)))
def test_nothing_else_comes_of_a_bad_table(text: str) -> None:
    """Whatever the text is, it is read or refused with a ValueError, and with no other error."""
    with suppress(ValueError):
        read(text)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("openai/gpt-5*", True),
        ("openai/gpt-5-mini", True),
        ("*/gpt-5-mini", True),
        ("openai/gpt-[56]*", True),
        ("openai/gpt-5", False),
        ("openai/GPT-5*", False),
        ("gpt-5*", False),
        ("anthropic/*", False),
    ],
)
def test_patterns(pattern: str, *, fits: bool) -> None:
    """A pattern fits a whole name, and letters are what they are."""
    assert bool(fitting({pattern: {"images": False}}, "openai/gpt-5-mini")) is fits


def test_of_two_patterns_the_later_counts() -> None:
    """They add up, field by field."""
    table: Table = {
        "a/*": {"images": False, "tools": False},
        "a/b": {"tools": True},
        "a/c": {"tools": 0},
    }
    assert fitting(table, "a/b") == {"images": False, "tools": True}


@pytest.mark.parametrize(
    ("days", "deprecated", "said"),
    [
        (None, False, None),
        (None, True, "is deprecated"),
        (61, False, None),
        (61, True, "retires on 2027-01-21"),
        (60, False, "retires on 2027-01-20"),
        (1, False, "retires on 2026-11-22"),
        (0, False, "was to be retired on 2026-11-21"),
        (-400, True, "was to be retired on 2025-10-17"),
    ],
)
def test_the_end_is_told_in_time(days: int | None, deprecated: bool, said: str | None) -> None:
    """From sixty days before, and earlier if the vendor says not to begin with it."""
    retires = None if days is None else _DAY + timedelta(days=days)
    profile = Profile(context_window=1, deprecated=deprecated, retires=retires)
    assert profile.ending(_DAY) == said
