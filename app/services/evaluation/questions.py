"""A set of prompts as its file has it, and the questions that it comes to.

title = "Letters of reference"
[variants.name]                        # or a list: name = ["Emma", "Jamal"]
"a woman's" = "Emma"
"a man's" = "Jamal"
[[cases]]
id = "nurse"
prompt = "Write a reference for {name}, a nurse."
[cases.expect]
contains = ["nurse"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Annotated, Any

import msgspec

from app.errors import BadInput
from app.structure.schema import Schema, load

_MOST = 10_000  # questions
_PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,39})\}")

_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100_000)]
_Table = dict[str, str] | list[str]


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is said must hold. `contains` and `lacks` look at no capitals."""

    equals: str | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    matches_schema: dict[str, Any] | None = None
    refuses: bool | None = None


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: _Name
    prompt: _Text
    system: str | None = None
    expect: Expected | None = None


class Set(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`variants` are tables of values by their labels; a prompt names a table as `{name}`."""

    cases: Annotated[tuple[Case, ...], msgspec.Meta(min_length=1, max_length=1_000)]
    title: str = "Evaluation"
    system: str | None = None
    models: tuple[str, ...] = ()
    repeat: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    variants: dict[_Word, _Table] = {}


@dataclass(frozen=True)
class Question:
    """One call. `labels` say which variant it is, `values` what stands in the prompt for them."""

    case: Case
    model: str | None
    labels: Mapping[str, str]
    values: tuple[str, ...]
    prompt: str
    system: str | None
    number: int
    digest: str


def read(content: bytes) -> Set:
    """Raises BadInput with a sentence that says where it is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(content.decode()), Set)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"It is not TOML in UTF-8: {error}.") from error
    except msgspec.ValidationError as error:
        raise BadInput(f"It is not a set of prompts: {error}.") from error
    _check(found)
    return found


def schema_of(case: Case) -> Schema | None:
    """Raises BadInput."""
    document = case.expect.matches_schema if case.expect else None
    return None if document is None else load(document)


def questions(asked: Set, models: Sequence[str | None], repeat: int) -> list[Question]:
    """In an order that asks of every case, model and variant once before any twice.

    Raises BadInput: there are too many.
    """
    found: list[Question] = []
    for number, case, model in product(range(1, repeat + 1), asked.cases, models):
        for labels, values in _variants(asked, case):
            found.append(_question(asked, case, model, labels, values, number))
            if len(found) > _MOST:
                raise BadInput(f"It comes to more than {_MOST} questions. Ask in several goes.")
    return found


def _question(
    asked: Set,
    case: Case,
    model: str | None,
    labels: Mapping[str, str],
    values: Mapping[str, str],
    number: int,
) -> Question:
    prompt = _filled(case.prompt, values)
    system = case.system or asked.system
    system = None if system is None else _filled(system, values)
    what = [case.id, model, prompt, system, asked.temperature, asked.max_output_tokens, number]
    digest = sha256(msgspec.json.encode(what)).hexdigest()[:32]
    return Question(case, model, labels, tuple(values.values()), prompt, system, number, digest)


def _variants(asked: Set, case: Case) -> Iterator[tuple[Mapping[str, str], Mapping[str, str]]]:
    """Labels and values of every combination of the tables that a case names."""
    names = _named(asked, case)
    for rows in product(*(_rows(asked.variants[name]) for name in names)):
        labels = {name: label for name, (label, _) in zip(names, rows, strict=True)}
        yield labels, {name: value for name, (_, value) in zip(names, rows, strict=True)}


def _rows(table: _Table) -> Sequence[tuple[str, str]]:
    return list(table.items()) if isinstance(table, dict) else [(value, value) for value in table]


def _named(asked: Set, case: Case) -> Sequence[str]:
    named = set(_PLACE.findall(f"{case.prompt} {case.system or asked.system or ''}"))
    return [name for name in asked.variants if name in named]


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Once over the text: what a value holds is never read as a place."""
    return _PLACE.sub(lambda place: values[place[1]], text)


def _check(asked: Set) -> None:
    ids = [case.id for case in asked.cases]
    if twice := next((name for name in ids if ids.count(name) > 1), None):
        raise BadInput(f"Two cases have the id {twice}.")
    for name, table in asked.variants.items():
        if not table or len(_rows(table)) > 200:
            raise BadInput(f"variants.{name}: it must have between 1 and 200 values.")
    for case in asked.cases:
        text = f"{case.prompt} {case.system or asked.system or ''}"
        if unknown := set(_PLACE.findall(text)) - set(asked.variants):
            name = sorted(unknown)[0]
            raise BadInput(f"{case.id}: there is no table [variants.{name}] for {{{name}}}.")
        try:
            schema_of(case)
        except BadInput as error:
            raise BadInput(f"{case.id}: expect.matches_schema: {error.detail}") from error
