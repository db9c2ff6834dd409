"""Upper bounds of tokens."""

from __future__ import annotations

import base64
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metering import tokens
from app.metering.bounds import bound, clamp, image
from tests.properties import any_texts, examples

_FORMS = st.sampled_from(["NFC", "NFKC", None])
_CORPUS = {
    "English": "The quick brown fox jumps over the lazy dog, and nobody minds. " * 20,
    "Chinese": "今天天气很好，我们去公园散步吧。許多語言都有自己的詞。" * 20,
    "Thai": "วันนี้อากาศดีมาก เราไปเดินเล่นในสวนกันเถอะ" * 20,
    "emoji": "😀🏳️‍🌈👩‍👩‍👧‍👦🫠🇩🇪" * 20,
    "code": Path(__file__).read_text(),
    "base64": base64.b64encode(bytes(range(256)) * 8).decode(),
    # Its normal form is eleven times as long, and so are its tokens to whoever normalizes.
    "ligatures": "ﷺ" * 100,
}


def counted(text: str, form: str | None, merges: set[bytes]) -> int:
    """Byte-pair encoding at its dearest: bytes, and of those only what the merges join."""
    normal = normalize(form, text) if form in ("NFC", "NFKC") else text  # type: ignore[arg-type]
    pieces = [bytes([byte]) for byte in normal.encode("utf-8", "surrogatepass")]
    joined: list[bytes] = []
    for piece in pieces:
        if joined and joined[-1] + piece in merges:
            joined[-1] += piece
        else:
            joined.append(piece)
    return len(joined)


@examples(200)
@given(any_texts, _FORMS, st.sets(st.binary(min_size=2, max_size=3), max_size=20))
def test_no_tokenizer_exceeds_it(text: str, form: str | None, merges: set[bytes]) -> None:
    """Whatever its vocabulary, also one of single bytes, and whatever it normalizes before."""
    assert counted(text, form, merges) <= bound([text], messages=0)


@pytest.mark.parametrize("text", _CORPUS.values(), ids=list(_CORPUS))
@pytest.mark.parametrize("form", ["NFC", "NFKC", None])
def test_a_corpus(text: str, form: str | None) -> None:
    """Byte by byte, and as the estimate has it, with a hundred tokens for what is around it."""
    most = bound([text], messages=1)
    assert counted(text, form, set()) + 100 <= most
    assert tokens.estimate(text) <= most


@examples(100)
@given(st.lists(any_texts, max_size=5), any_texts)
def test_it_grows_with_the_request(texts: list[str], more: str) -> None:
    """Another text, message, image or tool never makes it less, and each has its frame."""
    plain = bound(texts, messages=len(texts))
    assert bound([*texts, more], messages=len(texts) + 1) >= plain + 8
    assert bound(texts, messages=len(texts), images=1_600) == plain + 1_600
    # Anthropic's instructions for tools are 530 tokens at most.
    assert bound(texts, messages=len(texts), tools="[]") >= plain + 530


@pytest.mark.parametrize(
    ("name", "dearest"),
    [
        ("anthropic/claude-opus-5", 4_784),
        ("openai/gpt-4o", 85 + 8 * 170),
        ("openai/gpt-4o-mini", 2_833 + 8 * 5_667),
        ("openai/gpt-4o-mini-2024-07-18", 48_169),
        ("openai/gpt-5.4-mini", 2_489),
        ("ollama/qwen2.5vl", 16_384),
        ("own/whatever/it/is", 4_784),
    ],
)
def test_an_image_at_its_dearest(name: str, dearest: int) -> None:
    """What vendors say of their largest images is within it."""
    assert image(name) >= max(dearest, tokens.IMAGE)


@pytest.mark.parametrize(
    ("wanted", "of_model", "of_key", "asked"),
    [
        (None, None, None, 4_096),
        (10, None, None, 10),
        (10, 5, None, 5),
        (10, 50, 3, 3),
        (None, 2_000, 1_000, 1_000),
        (100_000, 8_192, 50_000, 8_192),
    ],
)
def test_the_clamp(
    wanted: int | None, of_model: int | None, of_key: int | None, asked: int
) -> None:
    """The least of what is wanted, what the model has, and what the key allows."""
    assert clamp(wanted, of_model, of_key, 4_096) == asked
