"""What all schemas share."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

import app.schemas
from app.errors import Problem
from app.schemas.base import Body, Moment, ProblemSchema
from tests.properties import examples

for _module in pkgutil.iter_modules(app.schemas.__path__):
    importlib.import_module(f"app.schemas.{_module.name}")


class _Dated(Schema):
    at = Moment()


def every(kind: type[Schema]) -> Iterator[type[Schema]]:
    for found in kind.__subclasses__():
        yield found
        yield from every(found)


@pytest.mark.parametrize("body", list(every(Body)))
def test_unknown_fields_are_errors(body: type[Body]) -> None:
    """No body and no query ignores what it does not know."""
    with pytest.raises(ValidationError) as caught:
        body().load({"surprise": 1})
    assert isinstance(caught.value.messages, dict)
    assert "surprise" in caught.value.messages


@examples(100)
@given(st.integers(0, 253_402_300_799_999))
def test_a_moment_is_exact(moment: int) -> None:
    """Milliseconds become RFC 3339 in UTC without losing one, up to the year 9999."""
    written = _Dated().dump({"at": moment})["at"]
    read = datetime.fromisoformat(written)
    assert read.tzinfo == UTC
    assert written == read.isoformat(timespec="milliseconds")
    assert (read - datetime.fromtimestamp(0, UTC)).total_seconds() == pytest.approx(moment / 1000)


def test_no_moment_is_null() -> None:
    """What has not happened yet is null."""
    assert _Dated().dump({"at": None}) == {"at": None}


def test_the_problem_is_described_as_it_is_sent() -> None:
    """The documented problem has the members of the real one, but for those that few have."""
    assert set(ProblemSchema().fields) == set(Problem.__struct_fields__) - {"members"}
