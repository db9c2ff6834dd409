"""What is asked at the doors, before anybody is asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.errors import BadInput, OutputInvalid
from app.events import Answer, FinishReason, ToolCall
from app.messages import Draft, ImagePart, Message, Picture, TextPart, user
from app.profiles import Profile
from app.providers.base import ModelRequest, Output, Tool
from app.services.completions.completion import Completion, filled, pictures
from app.services.completions.judging import Judge
from app.services.completions.requests import fitted
from app.services.models import Candidate, Model
from tests.services.scripted import Scripted

_SCHEMA = {
    "type": "object",
    "properties": {"days": {"type": "integer"}},
    "required": ["days"],
    "additionalProperties": False,
}
_TOOL = Tool(name="lookup", description="", parameters=_SCHEMA, strict=True)


def asked(**fields: Any) -> Completion:
    return Completion(messages=(user("Hello"),), **fields)


def answer(text: str = "", *calls: str) -> Answer:
    made = tuple(ToolCall(f"c{n}", "lookup", written) for n, written in enumerate(calls))
    return Answer(start=None, text=text, reasoning="", end=None, calls=made)


def test_pictures_come_back_to_their_places() -> None:
    """Images are loaded all together, and stand where they were named."""
    first, second = ImagePart("image/png", "1"), ImagePart("image/gif", "2")
    drafts = (
        Draft("user", (TextPart("a"), Picture("x"), TextPart("b"))),
        user("c"),
        Draft("user", (Picture("y"),)),
    )
    assert pictures(drafts) == ["x", "y"]
    assert filled(drafts, [first, second]) == (
        Message("user", (TextPart("a"), first, TextPart("b"))),
        user("c"),
        Message("user", (second,)),
    )


@pytest.mark.parametrize(
    ("output", "text", "fits"),
    [
        (Output(schema=_SCHEMA), '{"days": 1}', True),
        (Output(schema=_SCHEMA), ' {"days": 1}\n', True),
        (Output(schema=_SCHEMA), '{"days": 1.5}', False),
        (Output(schema=_SCHEMA), '{"days": 1', False),
        (Output(schema=_SCHEMA), "", False),
        (Output(schema={}), "1", True),
        (Output(), "{}", True),
        (Output(), "[]", False),
        (Output(), "[" * 100_000, False),
        (None, "anything", True),
    ],
)
def test_an_answer_is_judged(output: Output | None, text: str, fits: bool) -> None:
    """What is called whole has the form that was asked for."""
    judge = Judge(asked(output=output))
    if fits:
        judge(answer(text), "stop")
    else:
        with pytest.raises(OutputInvalid):
            judge(answer(text), "stop")


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_what_says_that_it_is_not_whole(reason: FinishReason) -> None:
    """It is let through as it is."""
    Judge(asked(output=Output(schema=_SCHEMA), tools=(_TOOL,)))(answer("{", "{"), reason)


def test_calls_are_judged_where_they_are_strict() -> None:
    """A strict tool's arguments fit, a loose one's are the caller's to look at."""
    strict, loose = (
        Judge(asked(tools=(msgspec.structs.replace(_TOOL, strict=strict),), output=Output()))
        for strict in (True, False)
    )
    strict(answer("", '{"days": 1}', '{"days": 2}'), "tool_calls")
    loose(answer("", "no JSON"), "tool_calls")
    for written in ("no JSON", "[]", '{"days": "1"}'):
        with pytest.raises(OutputInvalid, match="lookup"):
            strict(answer("", '{"days": 1}', written), "tool_calls")


def test_a_schema_that_cannot_be_used() -> None:
    """It is refused before anybody is asked, by the field that it stands in."""
    for field, more in (
        ("output", {"output": Output(schema={"$ref": "http://example.com/"})}),
        ("tools", {"tools": (msgspec.structs.replace(_TOOL, parameters={"type": 1}),)}),
    ):
        with pytest.raises(BadInput) as caught:
            Judge(asked(**more))
        assert set(caught.value.errors or {}) == {field}


class _Named(Scripted):
    def __init__(self, name: str, *, strict: bool) -> None:
        super().__init__(name)
        self._strict = strict

    def profile(self, model: str) -> Profile:
        return Profile(context_window=1_000, strict_schema=self._strict)


@pytest.mark.parametrize(
    ("provider", "strict", "held", "in_words"),
    [
        ("openai", True, True, False),
        ("anthropic", True, True, True),
        ("groq", False, False, True),
    ],
)
def test_each_model_is_asked_in_its_way(
    provider: str, strict: bool, held: bool, in_words: bool
) -> None:
    """Who can be held to a schema is; all others but OpenAI's are told it in words as well."""
    request = ModelRequest(
        model="",
        messages=(user("Hello"),),
        system="Be kind.",
        tools=(_TOOL,),
        output=Output(schema=_SCHEMA, strict=True),
    )
    made = fitted(request, Candidate(Model(_Named(provider, strict=strict), "m")))
    assert made.model == "m"
    assert made.output is not None
    assert made.output.strict is held
    assert made.tools[0].strict is strict
    assert str(made.system).startswith("Be kind.")
    assert ('"days"' in str(made.system)) is in_words
