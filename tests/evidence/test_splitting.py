"""Cutting a text into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.splitting import split
from app.metering.bounds import bound
from app.metering.tokens import estimate
from tests.properties import any_texts, characters, examples

_TEXTS = any_texts | st.text(st.sampled_from("ab .\n。漢😀\u0301"), max_size=400)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


@examples(200)
@given(_TEXTS, st.integers(13, 60), st.integers(0, 6), st.sampled_from([estimate, _bytes, len]))
def test_pieces_cover_the_text(text: str, size: int, overlap: int, count: object) -> None:
    """Without a gap, in order, none too large, each with something new, and little of it twice."""
    assert callable(count)
    ranges = split(text, size, count, overlap)
    assert [start for start, _ in ranges][:1] == [0][: len(text)]
    assert (ranges[-1][1] if ranges else 0) == len(text)
    assert all(count(text[start:end]) <= size for start, end in ranges)
    for (start, end), (following, further) in pairwise(ranges):
        assert start < following <= end < further
        assert count(text[following:end]) <= overlap


@examples(100)
@given(st.text(characters, max_size=300))
def test_without_an_overlap_the_pieces_are_the_text(text: str) -> None:
    """One after the other they say the same."""
    assert "".join(text[start:end] for start, end in split(text, 9, estimate)) == text


@pytest.mark.parametrize(
    ("text", "size", "pieces"),
    [
        ("One two three.\n\nFour five six.", 20, ["One two three.\n\n", "Four five six."]),
        ("One two three\nfour five six", 20, ["One two three\n", "four five six"]),
        ("One. Two. Three four five.", 14, ["One. Two. ", "Three four ", "five."]),
        ("今日は晴れ。明日は雨。明後日は雪。", 12, ["今日は晴れ。明日は雨。", "明後日は雪。"]),
        ("aaaa bbbb cccc", 10, ["aaaa bbbb ", "cccc"]),
        ("a" * 25, 10, ["a" * 10, "a" * 10, "a" * 5]),
    ],
)
def test_borders_are_where_a_reader_would_cut(text: str, size: int, pieces: list[str]) -> None:
    """After a paragraph, else a line, a sentence, a word; and only then within one."""
    assert [text[start:end] for start, end in split(text, size, len)] == pieces


def test_an_accent_stays_with_its_letter() -> None:
    """A piece never ends before a combining mark while there is another place."""
    text = "e\u0301" * 30
    assert all(text[start] == "e" for start, _ in split(text, 7, len))


def test_an_overlap_begins_with_a_line() -> None:
    """What two pieces share begins where something begins."""
    text = "".join(f"line {number}\n" for number in range(20))
    ranges = split(text, 50, len, 20)
    assert all(text[start - 1] == "\n" for start, _ in ranges[1:])
    assert all(following < end for (_, end), (following, _) in pairwise(ranges))


def test_a_bound_counts_as_well() -> None:
    """Whatever counts may add what a request costs besides."""
    text = "Straße und Weg. " * 100
    ranges = split(text, 400, lambda piece: bound([piece], messages=1), 160)
    assert len(ranges) > 5
    assert all(bound([text[start:end]], messages=1) <= 400 for start, end in ranges)


@pytest.mark.parametrize(("size", "overlap"), [(1, 0), (10, 5)])
def test_what_cannot_be_is_said(size: int, overlap: int) -> None:
    """A piece too small for a character, and an overlap that gets nowhere."""
    with pytest.raises(ValueError, match="piece"):
        split("漢字", size, estimate, overlap)
