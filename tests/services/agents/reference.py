"""Functions with types of every kind, and sixty questions with the calls that answer them.

The cases have the form of public sets for function calling: `simple` offers one function and wants
one call, `multiple` offers several and wants one, `parallel` wants several calls in one answer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NamedTuple

from app.tools.own import tool

RECEIVED: list[tuple[str, dict[str, Any]]] = []


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Address:
    street: str
    city: str
    zip: str | None = None


def _note(name: str, **arguments: Any) -> str:
    RECEIVED.append((name, arguments))
    return "ok"


@tool(parallel=True)
def triangle_area(base: float, height: float, unit: str = "units") -> str:
    """The area of a triangle."""
    return _note("triangle_area", base=base, height=height, unit=unit)


@tool(parallel=True)
def factorial(number: int) -> str:
    """The product of all whole numbers up to one."""
    return _note("factorial", number=number)


@tool(parallel=True)
def weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> str:
    """The weather in a city."""
    return _note("weather", city=city, unit=unit)


@tool(parallel=True)
def mean(numbers: list[float]) -> str:
    """The mean of some numbers."""
    return _note("mean", numbers=numbers)


@tool(parallel=True)
def tagged(words: list[str], lower: bool = False) -> str:
    """Puts tags on words."""
    return _note("tagged", words=words, lower=lower)


@tool(parallel=True)
def stock(counts: dict[str, int]) -> str:
    """Sets how many there are of some things."""
    return _note("stock", counts=counts)


@tool(parallel=True)
def ship(to: Address, express: bool) -> str:
    """Sends a parcel."""
    return _note("ship", to=asdict(to), express=express)


@tool(parallel=True)
def book(day: date, nights: int, guests: int = 1) -> str:
    """Books a room."""
    return _note("book", day=day.isoformat(), nights=nights, guests=guests)


@tool(parallel=True)
def pay(amount: Decimal, currency: Literal["EUR", "USD"]) -> str:
    """Pays an amount."""
    return _note("pay", amount=str(amount), currency=currency)


@tool(parallel=True)
def coffee(size: Size, sugar: int | None = None) -> str:
    """Makes a coffee."""
    return _note("coffee", size=size.value, sugar=sugar)


class Case(NamedTuple):
    kind: Literal["simple", "multiple", "parallel"]
    question: str
    offered: tuple[str, ...]
    calls: tuple[tuple[str, dict[str, Any]], ...]


ALL = (
    "triangle_area", "factorial", "weather", "mean", "tagged",
    "stock", "ship", "book", "pay", "coffee",
)  # fmt: skip

_ONE: list[tuple[str, str, dict[str, Any]]] = [
    ("The area of a triangle, base 10, height 5?", "triangle_area", {"base": 10.0, "height": 5.0}),
    ("… in cm, 2.5 by 4?", "triangle_area", {"base": 2.5, "height": 4.0, "unit": "cm"}),
    ("What is 5!?", "factorial", {"number": 5}),
    ("What is 0!?", "factorial", {"number": 0}),
    ("The weather in Kraków?", "weather", {"city": "Kraków"}),
    ("… in Boston, in Fahrenheit?", "weather", {"city": "Boston", "unit": "fahrenheit"}),
    ("… in 東京?", "weather", {"city": "東京 🗼"}),
    ("The mean of 1, 2 and 3.5?", "mean", {"numbers": [1.0, 2.0, 3.5]}),
    ("The mean of one number, -7?", "mean", {"numbers": [-7.0]}),
    ('Tag "a b" and c.', "tagged", {"words": ['"a b"', "c"]}),
    ("Tag Ä in lower case.", "tagged", {"words": ["Ä"], "lower": True}),
    ("We have 3 apples, no pears.", "stock", {"counts": {"apples": 3, "pears": 0}}),
    ("We have nothing.", "stock", {"counts": {}}),
    (
        "Send it to 5 High Street, Leeds, fast.",
        "ship",
        {"to": {"street": "5 High Street", "city": "Leeds"}, "express": True},
    ),
    (
        "Send it to Hauptstr. 1, 10115 Berlin.",
        "ship",
        {"to": {"street": "Hauptstr. 1", "city": "Berlin", "zip": "10115"}, "express": False},
    ),
    ("A room on 29 February 2028, one night.", "book", {"day": "2028-02-29", "nights": 1}),
    ("For two.", "book", {"day": "2027-01-01", "nights": 3, "guests": 2}),
    ("Pay 12.50 euros.", "pay", {"amount": "12.50", "currency": "EUR"}),
    ("A large coffee.", "coffee", {"size": "large"}),
    ("A small one with two sugars.", "coffee", {"size": "small", "sugar": 2}),
]

_MANY: list[tuple[str, list[int]]] = [
    ("Both triangles.", [0, 1]),
    ("5! and 0!", [2, 3]),
    ("The weather in three cities.", [4, 5, 6]),
    ("Two means.", [7, 8]),
    ("Tags, twice.", [9, 10]),
    ("The stock, twice.", [11, 12]),
    ("Two parcels.", [13, 14]),
    ("Two rooms.", [15, 16]),
    ("Two coffees.", [18, 19]),
    ("Weather and a coffee.", [4, 18]),
    ("A room, and pay for it.", [16, 17]),
    ("A mean and a factorial.", [7, 2]),
    ("A parcel and its payment.", [13, 17]),
    ("The same twice.", [2, 2]),
    ("Everything about apples.", [11, 9, 10]),
    ("A triangle, a mean, a factorial.", [0, 8, 3]),
    ("Five things.", [0, 2, 4, 7, 18]),
    ("Four more.", [9, 11, 13, 15]),
    ("Three coffees.", [18, 19, 18]),
    ("All of it.", list(range(20))),
]


def _distractors(name: str, number: int) -> tuple[str, ...]:
    """The function that is wanted among three others."""
    others = [other for other in ALL if other != name]
    shown = [*(others[(number + n) % len(others)] for n in range(3)), name]
    return tuple(shown[number % 4 :] + shown[: number % 4])


CASES = [
    *(Case("simple", asked, (name,), ((name, said),)) for asked, name, said in _ONE),
    *(
        Case("multiple", asked, _distractors(name, n), ((name, said),))
        for n, (asked, name, said) in enumerate(_ONE)
    ),
    *(
        Case("parallel", asked, ALL, tuple((_ONE[n][1], _ONE[n][2]) for n in which))
        for asked, which in _MANY
    ),
]
