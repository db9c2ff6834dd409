"""Halves of characters, joined or replaced."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.providers.surrogates import SurrogateJoiner
from tests.properties import any_texts, examples


def joined(pieces: list[str]) -> str:
    joiner = SurrogateJoiner()
    return "".join(joiner.feed(piece) for piece in pieces) + joiner.flush()


def in_halves(text: str) -> list[str]:
    """UTF-16 units as a JSON encoder that cuts between them would send them."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(data), 2)]


@examples(120)
@given(any_texts, st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_pieces_join_to_what_the_whole_would_be(text: str, sizes: list[int]) -> None:
    """Cut between any two halves, the text is whole again; a half without its other is U+FFFD."""
    halves = in_halves(text)
    pieces: list[str] = []
    while halves:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append("".join(halves[:size]))
        halves = halves[size:]
    expected = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert joined(pieces) == expected


@examples(120)
@given(st.lists(any_texts, max_size=6))
def test_what_comes_out_can_be_stored(pieces: list[str]) -> None:
    """Whatever a model sends, every piece that leaves is valid Unicode."""
    joiner = SurrogateJoiner()
    for piece in [*map(joiner.feed, pieces), joiner.flush()]:
        piece.encode()


def test_nothing_is_held_back_without_need() -> None:
    """Only a high half waits, so text is passed on at once."""
    joiner = SurrogateJoiner()
    assert [joiner.feed("a😀"), joiner.feed("b\ud83d"), joiner.feed("\ude00c")] == [
        "a😀",
        "b",
        "😀c",
    ]
    assert joiner.flush() == ""
