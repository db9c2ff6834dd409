"""Patterns are judged by their structure."""

import pytest

from app.structure.patterns import anatomy, portable


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "(a*)*",
        "([a-z]+)*x",
        r"(\w+\s?)*$",
        r"(\s*\S+\s*)+",
        "((ab)+)+",
        "(?:a{2,}){3,}",
        "(x|(a+))+",
        "(?=(a+)+)b",
        "(a+?)+?",
        "((a?b*)c*)*",
    ],
)
def test_a_repetition_of_a_repetition_explodes(pattern: str) -> None:
    """A text that such a pattern nearly matches can be cut up in exponentially many ways."""
    assert anatomy(pattern).explosive


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+$",
        r"^([a-z]+\.)*[a-z]+$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$",
        r"^(\d{1,3}\.){3}\d{1,3}$",
        r"\(a+\)+",
        "[(a+)+]",
        "(ab+)+",
        "(a|b)+",
        "(?!a*)+",
        "a{,5}+",
        ")(",
        "",
    ],
)
def test_other_repetitions_do_not(pattern: str) -> None:
    """A repetition that something separates is common, and harmless."""
    assert not anatomy(pattern).explosive


@pytest.mark.parametrize(
    ("pattern", "is_portable"),
    [
        ("^[A-Z]{3}$", True),
        ("^(a|b)$", True),
        ("^a|b$", False),
        ("[A-Z]{3}", False),
        ("^a\\$", False),
        ("^(?!x).*$", False),
        (r"^(a)\1$", False),
        (r"^\bx$", False),
        (r"^\p{L}+$", False),
    ],
)
def test_only_a_pattern_that_engines_agree_on_is_sent(pattern: str, is_portable: bool) -> None:
    """It is anchored as a whole, and has no lookaround, back reference or class by property."""
    assert portable(pattern) == is_portable


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("abc", 3),
        ("a{5}b", 6),
        ("(ab){10}", 30),
        ("((a{10}){10}){10}", 1110),
        ("a{2,7}", 7),
        ("a+", 1),
    ],
)
def test_counts_are_multiplied(pattern: str, size: int) -> None:
    """An engine unrolls what is counted, and counts within counts."""
    assert anatomy(pattern).size == size
