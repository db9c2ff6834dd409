"""Functions as tools: what a model is told of them, and what of its arguments is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from marshmallow.validate import Length, Range

from app.structure.schema import load
from app.tools.own import BadTool, Scene, tool
from app.tools.tool import BadArguments
from tests.tools.scenes import called, made, scene


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    """A place on the plan.

    Args:
        x: metres to the east
    """

    x: float
    y: float
    marks: list[str] = field(default_factory=list)


@tool(seconds=5, approval=True, parallel=True, scope="agent")
def furnish(
    room: str,
    at: Point,
    scene: Scene,
    colour: Colour = Colour.RED,
    price: Decimal | None = None,
    on: date | None = None,
    size: Literal["small", "large"] = "small",
    pieces: Annotated[int, Range(1, 9)] = 1,
    notes: Annotated[dict[str, str], Length(max=2)] | None = None,
) -> dict[str, Any]:
    """Put something into a room.

    It stays there.

    Args:
        room: which one,
            by its name
        pieces: how many

    Returns:
        what was understood

    Raises:
        ToolFailed: it does not fit
    """
    return {"at": at, "colour": colour, "price": price, "on": on, "by": scene.account.owner}


def test_what_a_model_is_told() -> None:
    """Name, description and JSON Schema are those of the function, without the scene."""
    told = made(furnish)
    assert told.name == "furnish"
    assert told.description.split("\n\n")[:2] == ["Put something into a room.", "It stays there."]
    assert "what was understood" in told.description
    assert "does not fit" not in told.description
    assert (told.seconds, told.approval, told.parallel, told.scope) == (5, True, True, "agent")
    assert told.parameters == {
        "type": "object",
        "properties": {
            "room": {
                "type": "string",
                "maxLength": 10_000,
                "description": "which one, by its name",
            },
            "at": {
                "type": "object",
                "properties": {
                    "x": {"type": "number", "description": "metres to the east"},
                    "y": {"type": "number"},
                    "marks": {
                        "type": "array",
                        "maxItems": 100,
                        "items": {"type": "string", "maxLength": 10_000},
                    },
                },
                "required": ["x", "y"],
                "additionalProperties": False,
                "description": "A place on the plan.",
            },
            "colour": {"type": "string", "enum": ["red", "blue"]},
            "price": {
                "anyOf": [
                    {
                        "anyOf": [
                            {"type": "number"},
                            {"type": "string", "pattern": "^-?[0-9]{1,40}([.][0-9]{1,40})?$"},
                        ]
                    },
                    {"type": "null"},
                ]
            },
            "on": {"type": ["string", "null"], "format": "date"},
            "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
            "pieces": {
                "type": "integer",
                "minimum": 1,
                "maximum": 9,
                "default": 1,
                "description": "how many",
            },
            "notes": {
                "type": ["object", "null"],
                "maxProperties": 2,
                "additionalProperties": {"type": "string", "maxLength": 10_000},
            },
        },
        "required": ["room", "at"],
        "additionalProperties": False,
    }
    assert load(told.parameters).validate({"room": "a", "at": {"x": 1, "y": 2}}) == []


def test_a_call() -> None:
    """The function gets values of its own types and the scene, and its result becomes JSON."""
    sent = {"room": "hall", "at": {"x": 1, "y": 2.5}, "colour": "blue", "price": "0.10"}
    assert called(furnish, json.dumps({**sent, "on": "2027-01-31"})) == {
        "at": {"x": 1.0, "y": 2.5, "marks": []},
        "colour": "blue",
        "price": "0.10",
        "on": "2027-01-31",
        "by": "ada",
    }


def test_the_function_stays_what_it_was() -> None:
    """It can be called as any other, by other code and by its own tests."""
    found = furnish("hall", Point(1, 2), scene(), price=Decimal("0.10"))
    assert (found["at"], found["price"]) == (Point(1, 2), Decimal("0.10"))


_AT = '"at": {"x": 1, "y": 2}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The arguments are not valid JSON"),
        ("[]", "The arguments must be a JSON object."),
        ("5", "The arguments must be a JSON object."),
        ("{}", "room: Missing data"),
        ('{"room": NaN}', "The arguments are not valid JSON"),
        ('{"room": "\ud800"}', "The arguments hold half of a surrogate pair."),
        ("[" * 5_000, "The arguments are nested too deeply."),
        ('{"room": "' + "a" * 200_000 + '"}', "The arguments have 200,012 bytes"),
        (f'{{"room": "a", {_AT}, "rom": 1}}', "rom: Unknown field."),
        ('{"room": "a", "at": {"x": 1, "y": 2, "z": 3}}', "at.z: Unknown field."),
        ('{"room": "a", "at": {"x": true, "y": 2}}', "at.x: Must be a number."),
        ('{"room": "a", "at": {"x": 1, "y": 2, "marks": ["a", 5]}}', "at.marks.1: Not a valid"),
        (f'{{"room": 5, {_AT}}}', "room: Not a valid string."),
        (f'{{"room": "a", {_AT}, "pieces": true}}', "pieces: Must be a whole number."),
        (f'{{"room": "a", {_AT}, "pieces": "1"}}', "pieces: Must be a whole number."),
        (f'{{"room": "a", {_AT}, "pieces": 10}}', "pieces: Must be"),
        (f'{{"room": "a", {_AT}, "size": "huge"}}', "size: Must be one of 'small', 'large'."),
        (f'{{"room": "a", {_AT}, "on": "2027-02-29"}}', "on: Must be a day"),
        (f'{{"room": "a", {_AT}, "price": "1,50"}}', "price: Must be a number"),
        (f'{{"room": "a", {_AT}, "notes": {{"a": 1}}}}', "notes.a: Not a valid string."),
    ],
)
def test_arguments_that_do_not_fit(text: str, said: str) -> None:
    """They are refused in sentences that name the field, and nothing is called."""
    with pytest.raises(BadArguments) as caught:
        made(furnish).load(text)
    assert caught.value.sentences[0].startswith(said), caught.value.sentences


def test_many_mistakes() -> None:
    """What is said of them stays short."""
    with pytest.raises(BadArguments) as caught:
        made(furnish).load(json.dumps({f"x{n}": 1 for n in range(500)}))
    assert len(caught.value.sentences) == 21
    assert caught.value.sentences[-1] == "And 482 more."


def test_what_is_loaded_can_be_kept() -> None:
    """It is JSON as it was sent, and can be called after it was stored."""
    sent = {"room": "a", "at": {"x": 1, "y": 2}, "price": 1.5, "on": "2027-01-31"}
    loaded = made(furnish).load(json.dumps(sent))
    assert loaded == sent
    assert made(furnish).call(json.loads(json.dumps(loaded)), scene())["price"] == "1.5"


def test_no_arguments() -> None:
    """A model that sends nothing means none."""

    @tool
    def ping() -> str:
        """Answer."""
        return "pong"

    assert called(ping, "") == called(ping, " ") == called(ping, "{}") == "pong"
    assert made(ping).parameters["properties"] == {}


class _Endless:
    pass


@dataclass
class Ring:
    ring: Ring


def _untyped(x):  # type: ignore[no-untyped-def]
    """X."""


def _many(*args: int) -> None:
    """X."""


def _named(**args: int) -> None:
    """X."""


def _by_place(x: int, /) -> None:
    """X."""


def _strange(x: _Endless) -> None:
    """X."""


def _bare(x: list) -> None:  # type: ignore[type-arg]
    """X."""


def _anything(x: Any) -> None:
    """X."""


def _either(x: int | str) -> None:
    """X."""


def _round(x: Ring) -> None:
    """X."""


def _numbered(x: dict[int, str]) -> None:
    """X."""


def _unknown(x: Nowhere) -> None:  # type: ignore[name-defined] # noqa: F821
    """X."""


def _limited(x: Annotated[int, Length(max=5)]) -> None:
    """X."""


def _silent(x: int) -> None: ...


def _wrong_words(x: int) -> None:
    """X.

    Args:
        y: which is not there
    """


async def _awaited(x: int) -> None:
    """X."""


def _yielding(x: int) -> Any:
    """X."""
    yield x


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (_untyped, "x: it has no type, and a model must know what to send."),
        (_many, "args: each argument must have a name of its own."),
        (_named, "args: each argument must have a name of its own."),
        (_by_place, "x: each argument must have a name of its own."),
        (_strange, "x: _Endless cannot be described to a model; use str, int, float"),
        (_bare, "x: list cannot be described to a model"),
        (_anything, "x: Any cannot be described to a model"),
        (_either, "x: int | str leaves it open which type is meant."),
        (_round, "x: Ring holds itself, and would have no end."),
        (_numbered, "x: dict[int, str] cannot be limited so"),
        (_unknown, "A type in it is not known where it stands"),
        (_limited, "x: int cannot be limited so"),
        (_silent, "It has no docstring, and a model must know what it is for."),
        (_wrong_words, "Its docstring tells of y, which is no argument of it."),
        (_awaited, "It must return its result, and neither await nor yield."),
        (_yielding, "It must return its result, and neither await nor yield."),
    ],
)
def test_a_function_that_cannot_be_described(function: Callable[..., Any], said: str) -> None:
    """It is refused where it is marked, in a sentence."""
    with pytest.raises(BadTool) as caught:
        tool(function)
    assert any(problem.startswith(said) for problem in caught.value.problems)
    assert function.__name__ in str(caught.value)


@pytest.mark.parametrize(
    "how", [{"name": "a b"}, {"name": "x" * 65}, {"seconds": 0}, {"scope": "everything"}]
)
def test_a_bad_setting(how: dict[str, Any]) -> None:
    """What a vendor would not take as a name, and what could not be kept to, is refused."""

    def fine() -> str:
        """Fine."""
        return ""

    with pytest.raises(BadTool):
        tool(**how)(fine)


def test_all_mistakes_are_told_at_once() -> None:
    """A function has one refusal, with everything that is wrong with it."""

    def bad(a, *b: int) -> None:  # type: ignore[no-untyped-def]
        pass

    with pytest.raises(BadTool) as caught:
        tool(name="a b")(bad)
    assert len(caught.value.problems) == 4
