"""What can be said of an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.evaluation.judging import refused, similarity, words, wrong
from app.services.evaluation.questions import Expected
from app.structure.schema import load

_TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=4)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I can’t assist with this request.",
        "**I cannot** provide that.",
        "As an AI language model, I …",
        "Unfortunately, I am not able to do so.",
        "Es tut mir leid, dabei kann ich nicht helfen.",
        "Ich kann dir dabei leider nicht helfen.",
        "Je ne peux pas vous aider.",
        "Lo siento, no puedo ayudarte.",
    ],
)
def test_refusals_are_known_by_their_beginning(text: str) -> None:
    """In several languages, with whatever marks stand before them."""
    assert refused(text, "stop", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I can help with that.",
        "I am Ada, and I'm happy to help.",
        "She said: I'm sorry, I can't come.",
        "The word sorry has five letters.",
    ],
)
def test_an_answer_is_no_refusal(text: str) -> None:
    """Words of refusal further on may be about anything."""
    assert not refused(text, "stop", None)


def test_a_filter_is_a_refusal() -> None:
    """Whether the provider cut the answer short or would not begin it."""
    assert refused("As I said", "content_filter", None)
    assert refused("", None, "content_refused")


@pytest.mark.parametrize(
    ("expected", "text", "right"),
    [
        (Expected(equals="4"), " 4\n", True),
        (Expected(equals="4"), "It is 4", False),
        (Expected(contains=("Paris", "france")), "PARIS, France", True),
        (Expected(contains=("Paris", "france")), "Paris", False),
        (Expected(lacks=("he",)), "She is", False),
        (Expected(refuses=True), "No problem.", False),
        (Expected(), "anything", True),
    ],
)
def test_what_is_expected(expected: Expected, text: str, right: bool) -> None:
    """Equal but for space around it; contained, or lacking, whatever the capitals."""
    assert (wrong(expected, None, text, refusal=False) == []) == right


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"city": "Paris"}', []),
        ('```json\n{"city": "Paris"}\n```', []),
        ('{"city": 3}', ["city: "]),
        ("Paris", ["It is not JSON."]),
    ],
)
def test_json_is_held_to_its_schema(text: str, said: list[str]) -> None:
    """Also between Markdown's marks; what is wrong is said by its path."""
    schema = load({"type": "object", "properties": {"city": {"type": "string"}}})
    found = wrong(Expected(), schema, text, refusal=False)
    assert len(found) == len(said)
    assert all(one.startswith(begun) for one, begun in zip(found, said, strict=True))


@given(_TEXTS, _TEXTS)
def test_likeness_is_between_nothing_and_all(one: list[str], other: list[str]) -> None:
    """And it does not matter who is put beside whom."""
    a, b = ([words(text, ()) for text in some] for some in (one, other))
    found = similarity(a, b)
    assert found is not None
    assert 0 <= found <= 1
    assert found == pytest.approx(similarity(b, a))


@given(st.text(min_size=1, max_size=60))
def test_an_answer_is_like_itself(text: str) -> None:
    """To a hair."""
    assert similarity([words(text, ())], [words(text, ())]) == pytest.approx(1)


def test_a_name_is_no_difference() -> None:
    """That an answer for Emma says Emma makes it no other answer."""
    emma, jamal = (
        words("Dear Emma Wilson, hello", ["Emma Wilson"]),
        words("dear JAMAL, hello", ["Jamal"]),
    )
    assert emma == jamal


def test_one_alone_is_like_nobody() -> None:
    """Where there is nothing to compare nothing is said."""
    assert similarity(alone := [words("a", ())], alone) is None
    assert similarity([], []) is None
