"""The built-in model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ModelNotFound
from app.events import Finish, TextDelta, UsageReport
from app.messages import Message, assistant, user
from app.providers.base import ModelRequest
from app.providers.demo import Demo
from app.providers.demo_replies import reply
from tests.properties import examples, texts

_said = st.lists(texts.filter(lambda text: bool(text.strip())), min_size=1, max_size=4)


def answer(
    *said: str, limit: int | None = None, system: str | None = None
) -> tuple[list[str], UsageReport, Finish]:
    """The pieces, the usage and the ending."""
    messages: list[Message] = []
    for text in said:
        messages += [user(text), assistant("I see.")]
    request = ModelRequest(
        model="demo", messages=tuple(messages[:-1]), system=system, max_output_tokens=limit
    )
    batches = list(Demo(1_000_000).stream(request))
    pieces = [
        event.text for batch in batches[:-1] for event in batch if isinstance(event, TextDelta)
    ]
    assert len(pieces) == len(batches) - 1, "text alone comes before the ending"
    usage, finish = batches[-1]
    assert isinstance(usage, UsageReport)
    assert isinstance(finish, Finish)
    return pieces, usage, finish


def test_it_says_what_it_is() -> None:
    """Nobody takes the first answer for a real model's, and it says how to get one."""
    text = "".join(answer("Hello")[0])
    assert "demo model" in text
    assert "OPENAI_API_KEY" in text


@examples(60)
@given(_said, st.none() | texts)
def test_pieces_are_the_reply(said: list[str], system: str | None) -> None:
    """Joined, the pieces are the reply to what the user said, the same every time, and counted."""
    pieces, usage, finish = answer(*said, system=system)
    assert "".join(pieces) == reply(said, system)
    assert answer(*said, system=system) == (pieces, usage, finish)
    assert all(pieces)
    assert (usage.usage.output_tokens, finish) == (len(pieces), Finish("stop"))
    assert usage.usage.input_tokens > 0


@examples(40)
@given(_said, st.integers(1, 60))
def test_a_limit_is_respected(said: list[str], limit: int) -> None:
    """`max_output_tokens` cuts the reply there, and the ending says so."""
    whole = answer(*said)[0]
    pieces, usage, finish = answer(*said, limit=limit)
    assert pieces == whole[:limit]
    assert usage.usage.output_tokens == len(pieces)
    assert finish.reason == ("length" if limit < len(whole) else "stop")


@pytest.mark.parametrize("name", ["Ada", "Zoë", "李明"])
def test_it_remembers(name: str) -> None:
    """A name that was told in an earlier turn is known in a later one."""
    text = "".join(answer(f"Hi, my name is {name}.", "Nice day", "What is my name?")[0])
    assert f"Your name is {name}." in text
    assert "1. Hi, my name is" in text


def test_it_does_not_make_names_up() -> None:
    """Asked for a name that nobody told, it says so."""
    assert "not told me" in "".join(answer("Who am I?")[0])


def test_it_shows_its_instructions() -> None:
    """A system prompt is seen to have arrived."""
    assert "Talk like a pirate" in "".join(answer("Hi", system="Talk like a pirate")[0])


@pytest.mark.parametrize(
    ("word", "mark"), [("code", "```python"), ("table", "| --- |"), ("list", "1. A")]
)
def test_it_shows_what_a_page_must_render(word: str, mark: str) -> None:
    """Asked for code, a table or a list, it sends one."""
    assert mark in "".join(answer(f"Show me a {word}, please")[0])


def test_there_is_only_one_demo_model() -> None:
    """Another name than `demo` is refused, as every provider refuses a model it has not got."""
    request = ModelRequest(model="nonsense", messages=(user("hi"),))
    with pytest.raises(ModelNotFound):
        list(Demo().stream(request))
