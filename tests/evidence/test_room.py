"""What holds for the whole room: the standard library is enough, and time grows with the text."""

from __future__ import annotations

import ast
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import app.evidence
from app.evidence.currencies import DECIMALS, meant, signs
from app.evidence.finding import find
from app.evidence.issues import only_in_capitals
from app.evidence.splitting import split
from app.metering.tokens import estimate

_FILES = sorted(Path(app.evidence.__path__[0]).glob("*.py"))


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_the_standard_library_is_enough(file: Path) -> None:
    """No module imports anything else."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            library = str(node.module).split(".")[0]
            assert library == "app" or library in sys.stdlib_module_names
        assert not (
            isinstance(node, ast.Import)
            and any(alias.name.split(".")[0] not in sys.stdlib_module_names for alias in node.names)
        )


_UNITS = (
    "1|1 |100 |1,111|a|a |!|(|1.1.1.|8:13 |25/12/2018 |1-| |3 march 2026 |3 abcdefghijklmnop"
    "|2018-12-25 8:13 |合計|👩‍👩‍👧|\u0301|\u1100"
)


def _prose() -> tuple[str, dict[str, Any]]:
    """A megabyte, and 200 leaves of it."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghij", k=chance.randint(2, 9))) for _ in range(5000)]
    odd = ["1,250.00", "25/12/2018", "12.50", "3 March 2026", "8:13", "99,95 €"]
    said = [chance.choice(words if chance.random() < 0.9 else odd) for _ in range(170_000)]
    rows = [
        {"a": " ".join(said[at : at + 4]), "b": 1250, "c": "2026-03-03", "d": said[at]}
        for at in range(0, 50_000, 1000)
    ]
    return " ".join(said)[:1_000_000], {"rows": rows}


def test_a_megabyte_and_two_hundred_leaves() -> None:
    """They take half a second of CPU; three, where others want the machine as well."""
    source, data = _prose()
    begun = time.process_time()
    fields = find(source, data)
    assert time.process_time() - begun < 3
    assert len(fields) == 200
    assert sum(field.support == "found" for field in fields) > 190


@pytest.mark.parametrize("unit", _UNITS.split("|"))
def test_no_text_makes_it_explode(unit: str) -> None:
    """A hundred thousand characters of the same, and values of the same, take no longer."""
    source = unit * (100_000 // len(unit))
    values = [unit * 50, unit, 1, 100, "2018-12-25", "08:13", "2018-12-25T08:13", "EUR"] * 25
    begun = time.process_time()
    find(source, values)
    split(source, 1000, estimate, 100)
    assert time.process_time() - begun < 5


def test_currencies_of_the_standard() -> None:
    """Each code is three capitals, and those without or with three decimals are known."""
    assert len(DECIMALS) > 160
    assert all(len(code) == 3 and code.isupper() and code.isascii() for code in DECIMALS)
    assert [DECIMALS[code] for code in ("EUR", "JPY", "KWD", "UYW")] == [2, 0, 3, 4]
    assert ("€", False) in signs("EUR")
    assert meant("€") == {"EUR"}
    assert {"USD", "CAD"} <= meant("$")
    assert all(code in DECIMALS for sign in "$£¥€" for code in meant(sign))


@pytest.mark.parametrize(
    ("value", "choice"), [("LOW", "low"), (" low ", "low"), ("a", None), ("lo", None), ("b", "B")]
)
def test_capitals_are_put_right_only_if_one_can_be_meant(value: str, choice: str | None) -> None:
    """Two choices that differ in capitals alone leave it open."""
    assert only_in_capitals(value, ["low", "A", "a", "B"]) == (choice if value != "a" else None)
