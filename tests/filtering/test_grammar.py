"""Which patterns a rule may have, and that they mean what they mean everywhere."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filtering.grammar import BadPattern, longest, parse
from app.filtering.sieve import Tally
from tests.filtering.streaming import screen
from tests.properties import examples

_PATTERNS = [
    "abc",
    "a.c",
    "ab?c",
    "a{2,4}b",
    "(ab|ba){1,3}",
    "[a-c]{1,3}x",
    "[^ab]c",
    r"\d{2,5}-\w",
    r"a\.b|b\?a",
    "(?:a|ab)(?:c|bcd)?",
    "[]a]b",
    "a[b-]c",
    r"[\d.-]{2,6}",
    r"\Wa\S",
]


@pytest.mark.parametrize("pattern", _PATTERNS)
@given(text=st.text("abcdx12.-?]^ \n", max_size=30))
@examples(200)
def test_it_matches_what_regular_expressions_match(pattern: str, text: str) -> None:
    """Where Python's own expressions find something, and only there, a rule does."""
    found = re.compile(pattern).search(text)
    masked = screen("mask", patterns=[pattern], ignore_case=False, mask="#")
    assert ("#" in masked.passed(text.replace("#", ""), Tally())) == (found is not None)


@pytest.mark.parametrize(
    "pattern",
    [
        "a*",
        "a+",
        "(a",
        "a)",
        "[a",
        "a{3",
        "a{,3}",
        "a{3,2}",
        "a{2}{2}",
        "a??",
        "(?=a)",
        "(?P<n>a)",
        r"(a)\1",
        r"\ba",
        "^a",
        "a$",
        "",
        "a?",
        "a|",
        "\\",
        "[z-a]",
        "a{1,99999}",
        "(((a{1,90}){1,90}){1,90})",
        "x" * 501,
        "(" * 60 + "a" + ")" * 60,
        "a{1001}",
    ],
)
def test_what_a_pattern_may_not_be(pattern: str) -> None:
    """What has no greatest length, looks around, or cannot be read is refused with a sentence."""
    with pytest.raises(BadPattern, match=r"\.$"):
        parse(pattern)


@pytest.mark.parametrize(
    ("pattern", "length"), [("abc", 3), ("a{2,5}b?", 6), ("(ab|cde){0,2}x", 7), (r"\d{4}", 4)]
)
def test_the_longest_match_is_known(pattern: str, length: int) -> None:
    """A pattern says how long a match of it can be."""
    assert longest(parse(pattern)) == length


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a{0,20}){0,20}b", "a" * 20_000),
        ("a{0,30}a{0,30}a{0,30}a{0,30}b", "a" * 20_000),
        ("(a|a|ab){1,40}c", "ab" * 10_000),
        ("[a-z]{1,100}@[a-z]{1,100}", "a" * 20_000),
    ],
)
def test_no_pattern_explodes(pattern: str, text: str) -> None:
    """What takes others for ever takes a time that grows with the text alone."""
    screened, began = screen(patterns=[pattern]), time.process_time()
    assert screened.passed(text, Tally()) == text
    assert time.process_time() - began < 20
