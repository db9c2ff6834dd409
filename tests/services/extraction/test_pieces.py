"""What is one question, and what takes several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.messages import user
from app.metering.tokens import estimate
from app.providers.base import ModelRequest, Profile
from app.services.extraction.pieces import pieces
from app.services.models import Candidate, Model
from tests.properties import examples
from tests.services.scripted import Scripted

_REQUEST = ModelRequest(model="m", messages=(user("x"),), max_output_tokens=500)


class Narrow(Scripted):
    def __init__(self, window: int) -> None:
        super().__init__("narrow")
        self._window = window

    def profile(self, model: str) -> Profile:
        return Profile(context_window=self._window)


def chain(*windows: int) -> list[Candidate]:
    return [Candidate(Model(Narrow(window), "m")) for window in windows]


@examples(60)
@given(st.text(alphabet="ab é李🙂\n.", min_size=1, max_size=6_000), st.integers(3_000, 6_000))
def test_pieces_cover_the_text(text: str, window: int) -> None:
    """In order, without a gap, each where it says, and none longer than there is room for."""
    found = pieces(text, chain(window), _REQUEST)
    end = 0
    for number, piece in enumerate(found, 1):
        assert (piece.number, piece.count) == (number, len(found))
        assert text[piece.start :].startswith(piece.text)
        assert piece.start <= end
        end = piece.start + len(piece.text)
        assert estimate(piece.text) <= window - 2_500
    assert end == len(text)


def test_the_narrowest_model_decides() -> None:
    """Whoever of the chain answers can read a piece whole."""
    text = "word " * 4_000
    assert len(pieces(text, chain(100_000), _REQUEST)) == 1
    assert len(pieces(text, chain(100_000, 5_000), _REQUEST)) == len(
        pieces(text, chain(5_000), _REQUEST)
    )


def test_no_room() -> None:
    """A short text goes where a long one cannot be cut finely enough."""
    with pytest.raises(BadInput) as caught:
        pieces("word " * 1_000, chain(2_600), _REQUEST)
    assert set(caught.value.errors or {}) == {"schema"}
