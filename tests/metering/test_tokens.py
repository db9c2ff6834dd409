"""The estimate of tokens."""

from __future__ import annotations

import pytest
from hypothesis import given

from app.metering.tokens import estimate
from tests.properties import any_texts, examples


@examples(150)
@given(any_texts)
def test_it_stays_between_its_bounds(text: str) -> None:
    """Never under a third of the characters, which would flatter CJK, nor over the bytes."""
    counted = estimate(text)
    assert len(text) / 3 <= counted <= len(text.encode("utf-8", "surrogatepass"))


@examples(100)
@given(any_texts, any_texts)
def test_it_grows_with_the_text(one: str, other: str) -> None:
    """More text is never fewer tokens, and cutting it in two never saves any."""
    assert max(estimate(one), estimate(other)) <= estimate(one + other)
    assert estimate(one + other) <= estimate(one) + estimate(other)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The quick brown fox jumps over the lazy dog", 9),
        ("for i in range ( 10 ) : print ( i )", 12),
        ("今天天气很好，我们去公园散步吧。", 16),
        ("😀😀😀", 3),
        ("", 0),
    ],
)
def test_it_errs_high(text: str, tokens: int) -> None:
    """A token a word of prose or code, a token a character of CJK: at least that is counted."""
    assert estimate(text) >= tokens
