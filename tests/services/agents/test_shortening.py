"""Texts cut to what is needed of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.messages import Message, ToolResultPart
from app.services.agents.shortening import condensed, result_size, shortened, size
from tests.properties import any_texts, examples


@examples(100)
@given(any_texts, st.integers(4, 50))
def test_a_short_text_stays_and_a_long_one_says_what_is_missing(text: str, most: int) -> None:
    """What is kept is its beginning and its end, and the figures are right."""
    short = shortened(text, most)
    if len(text) <= most:
        assert short == text
        return
    begin, _, rest = short.partition("\n[… ")
    _, _, end = rest.partition(" …]\n")
    assert len(begin) + len(end) == most or "\n[… " in text
    assert text.startswith(begin)
    assert f"{len(text) - most:,} of {len(text):,} characters" in short


def test_a_small_window_gets_small_results() -> None:
    """Eight results fit into half of a window; a large one has a limit as well."""
    assert result_size(8_192) * 8 <= 8_192 * 3 // 2
    assert result_size(1_000_000) == 24_000
    assert result_size(100) == 200


def test_old_results_give_way() -> None:
    """The oldest are shortened first, and the newest message stays as it is."""
    said = [Message("user", (ToolResultPart(str(n), "x" * 3_000),)) for n in range(4)]
    short = condensed(said, size(said) // 2)
    lengths = [len(m.parts[0].output) for m in short if isinstance(m.parts[0], ToolResultPart)]
    assert lengths[-1] == 3_000
    assert lengths == sorted(lengths)
    assert size(short) <= size(said) // 2 + 100
