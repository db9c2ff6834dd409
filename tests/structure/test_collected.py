"""What becomes of 1,122 schemas from the wild, and of their 3,743 instances."""

from __future__ import annotations

from collections import Counter
from functools import cache
from time import process_time
from typing import Any

import jsonschema_rs
import pytest

from app.errors import BadInput
from app.structure.dialects import Name
from app.structure.schema import Schema, load
from app.structure.wire import Wire, encode
from tests.structure.collected import Instance, needed, schemas
from tests.structure.embedding import Unwritable, embed, without_nulls

pytestmark = needed

_STRICT: list[Name] = ["openai_strict", "anthropic_tool"]
_ALL: list[Name] = [*_STRICT, "plain_tool"]


@cache
def _loaded() -> list[tuple[Schema, list[Instance]]]:
    """Those that are not refused."""
    found = []
    for one in schemas():
        try:
            found.append((load(one.schema), one.tests))
        except BadInput:
            continue
    return found


@cache
def _wires(dialect: Name) -> list[tuple[Schema, Wire, list[Instance]]]:
    return [(schema, encode(schema, dialect), tests) for schema, tests in _loaded()]


def test_few_are_refused_and_all_in_words() -> None:
    """All but 13 are taken; those have a pattern that explodes, or one that is none."""
    sentences = []
    for one in schemas():
        try:
            load(one.schema)
        except BadInput as error:
            sentences.append(error.detail)
    assert len(sentences) <= 13
    assert all("pattern" in sentence for sentence in sentences)


def test_instances_are_told_apart() -> None:
    """Every instance is found valid or not as it is marked."""
    for schema, tests in _loaded():
        for test in tests:
            assert (not schema.validate(test.data)) == test.valid


@pytest.mark.parametrize("dialect", _STRICT)
def test_valid_instances_survive(dialect: Name) -> None:
    """Of the valid instances 98 % can be written in the wire's form, and come back valid.

    What comes back is the same but for null where a field was absent that may be null.
    """
    fate: Counter[str] = Counter()
    for schema, wire, tests in _wires(dialect):
        sent = jsonschema_rs.Draft202012Validator(wire.schema)
        for test in tests:
            if test.valid:
                fate[_fate(schema, wire, sent, test.data)] += 1
    marked = sum(test.valid for one in schemas() for test in one.tests)
    assert fate["lost"] <= 1
    assert fate["survives"] >= 0.98 * marked


def _fate(schema: Schema, wire: Wire, sent: jsonschema_rs.Validator, value: Any) -> str:
    try:
        written = embed(wire, value)
    except Unwritable:
        return "lost"
    decoded = wire.decode(written)
    alike = without_nulls(decoded) == without_nulls(value)
    return (
        "survives" if sent.is_valid(written) and alike and not schema.validate(decoded) else "lost"
    )


@pytest.mark.parametrize("dialect", _ALL)
def test_invalid_instances_are_rejected(dialect: Name) -> None:
    """None passes, neither as it is nor in the wire's form, unless it is that of a valid one."""
    for schema, wire, tests in _wires(dialect):
        for test in tests:
            if test.valid:
                continue
            decoded = wire.decode(test.data)
            assert schema.validate(decoded) or embed(wire, decoded) == test.data
            try:
                written = embed(wire, test.data)
            except Unwritable:
                continue
            assert schema.validate(wire.decode(written))


@pytest.mark.parametrize(
    ("dialect", "share", "reasons"),
    [
        ("openai_strict", 0.98, {"too_deep", "too_many_enum_values"}),
        ("anthropic_tool", 0.84, {"too_many_optional_fields", "too_many_fields", "recursion",
                                  "too_many_unions", "too_many_enum_values"}),
    ],
)  # fmt: skip
def test_most_are_strict(dialect: Name, share: float, reasons: set[str]) -> None:
    """The loose way is taken only at a limit of the provider's, which it names."""
    wires = [wire for _, wire, _ in _wires(dialect)]
    assert sum(wire.strict for wire in wires) >= share * len(wires)
    assert {wire.loosened[0].reason for wire in wires if not wire.strict} <= reasons


def test_no_invalid_instance_is_more_than_absent() -> None:
    """At most three invalid instances are, to the letter, how a valid one is written to OpenAI."""
    taken = [
        test
        for schema, wire, tests in _wires("openai_strict")
        for test in tests
        if not test.valid and not schema.validate(wire.decode(test.data))
    ]
    assert len(taken) <= 3


def test_it_is_quick() -> None:
    """Loading and encoding takes less than 2 ms of CPU in the middle of all schemas."""
    spent = []
    for one in schemas()[::5]:
        start = process_time()
        try:
            encode(load(one.schema), "openai_strict")
        except BadInput:
            continue
        spent.append(process_time() - start)
    assert sorted(spent)[len(spent) // 2] < 0.002
