"""Sets of prompts: what they come to, and what is wrong with them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.services.evaluation.questions import Set, questions, read

_CASE = """
[[cases]]
id = "one"
prompt = "Greet {name} in {language}."
"""


def of(text: str, *models: str, repeat: int = 1) -> list[str]:
    return [q.prompt for q in questions(read(text.encode()), models or ("demo",), repeat)]


def test_variants_are_multiplied() -> None:
    """Each value of each table that a prompt names, and no value is read as a place."""
    text = '[variants]\nlanguage = ["English", "{name}"]\nunused = ["x"]\n' + (
        '[variants.name]\nher = "Emma"\nhis = "James"\n' + _CASE
    )
    assert sorted(of(text)) == [
        "Greet Emma in English.",
        "Greet Emma in {name}.",
        "Greet James in English.",
        "Greet James in {name}.",
    ]


def test_everything_is_asked_once_before_anything_is_asked_again() -> None:
    """Who stops in the middle has something of everything."""
    text = '[[cases]]\nid = "a"\nprompt = "A"\n[[cases]]\nid = "b"\nprompt = "B"\n'
    asked = questions(read(text.encode()), ("x", "y"), 2)
    assert [(q.number, q.prompt, q.model) for q in asked][:5] == [
        (1, "A", "x"),
        (1, "A", "y"),
        (1, "B", "x"),
        (1, "B", "y"),
        (2, "A", "x"),
    ]


@given(st.text(min_size=1, max_size=50), st.text(min_size=1, max_size=50))
def test_a_digest_is_of_all_that_is_asked(one: str, other: str) -> None:
    """Two questions have the same digest only where the same would be asked."""

    def digest(prompt: str) -> str:
        case = {"id": "a", "prompt": prompt.replace("{", "(")}
        return questions(msgspec.convert({"cases": [case]}, Set), ["m"], 1)[0].digest

    assert (digest(one) == digest(other)) == (one.replace("{", "(") == other.replace("{", "("))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cases"),
        ("cases = 3", "cases"),
        ("= no", "TOML"),
        ('[[cases]]\nid = "a"\nprompt = ""', "prompt"),
        ('[[cases]]\nid = "a"\nprompt = "A"\nexpects = 1', "expects"),
        ('[[cases]]\nid = "a"\nprompt = "A {name}"', "variants.name"),
        ('[variants]\nname = []\n[[cases]]\nid = "a"\nprompt = "{name}"', "variants.name"),
        ('[[cases]]\nid = "a"\nprompt = "A"\n[[cases]]\nid = "a"\nprompt = "B"', "two cases"),
        (
            '[[cases]]\nid = "a"\nprompt = "A"\nexpect.matches_schema.type = "colour"',
            "matches_schema",
        ),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    """A set that is not right says where."""
    with pytest.raises(BadInput) as caught:
        read(text.encode())
    assert said.lower() in caught.value.detail.lower()


def test_there_is_an_end_to_multiplying() -> None:
    """Tables that come to millions are refused before anything is made of them."""
    hundred = [f"{number}" for number in range(100)]
    tables = "".join(f"{name} = {hundred}\n" for name in "abc")
    text = f'[variants]\n{tables}[[cases]]\nid = "a"\nprompt = "{{a}} {{b}} {{c}}"'
    with pytest.raises(BadInput, match="several goes"):
        of(text)
