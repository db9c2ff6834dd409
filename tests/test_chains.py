"""How a chain of models is written."""

from __future__ import annotations

import pytest

from app.chains import Step, aliases, chain


def test_a_chain_is_read() -> None:
    """Models in their order, each with what is said of it."""
    assert chain("openai/gpt-5-mini, anthropic/c?first_byte=5&read=2.5 ,groq/b?longer=yes,") == (
        Step(model="openai/gpt-5-mini"),
        Step(model="anthropic/c", first_byte=5, read=2.5),
        Step(model="groq/b", longer=True),
    )


def test_aliases_are_read() -> None:
    """A name for a chain each, on lines of their own or with semicolons between."""
    fast, slow = (Step(model="a/b"), Step(model="c/d")), (Step(model="e/f:8b"),)
    assert aliases("fast = a/b, c/d; slow=e/f:8b") == {"fast": fast, "slow": slow}
    assert aliases("\nfast = a/b,c/d\n\nslow = e/f:8b\n") == {"fast": fast, "slow": slow}
    assert aliases("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "?read=5",
        "a/b?reed=5",
        "a/b?read=soon",
        "a/b?read=0",
        "a/b?read=inf",
        "a/b?read=nan",
        "a/b?longer=perhaps",
    ],
)
def test_what_is_no_chain(text: str) -> None:
    """A slip is a sentence, never a chain that does something else."""
    with pytest.raises(ValueError, match=r"\.$"):
        chain(text)


@pytest.mark.parametrize("text", ["fast", "= a/b", "fast =", "a/b = c/d", "x = a/b; x = c/d"])
def test_what_is_no_alias(text: str) -> None:
    """An alias has a name of its own, once, and a chain."""
    with pytest.raises(ValueError, match=r"\.$"):
        aliases(text)
