"""The file of results: what is in it stays, whatever happened while it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput, Conflict
from app.services.batches.batch import Outcome
from app.services.batches.lines import Lines
from app.services.batches.results import Form, Results
from app.services.batches.table import Table
from tests.services.batches.test_columns import outcome

_SCHEMA = {"type": "object", "properties": {"said": {"type": "string"}}}
_WILD = 'One "line",\r\nand another\n'

_forms = pytest.mark.parametrize(
    ("make", "suffix"), [(Lines, ".jsonl"), (lambda: Table(_SCHEMA), ".csv")]
)
Make = Callable[[], Form]


def ok(name: str) -> Outcome:
    return outcome({"said": _WILD + name}, name)


def failed(name: str) -> Outcome:
    problem: dict[str, Any] = {"detail": "It broke.", "code": "internal_error"}
    return Outcome(id=name, status="failed", problem=problem)


def write(path: Path, make: Make, *outcomes: Outcome) -> None:
    results = Results(path, make(), [each.id for each in outcomes])
    for each in outcomes:
        results.add("digest", each)
    results.close()


def done(path: Path, make: Make, *ids: str) -> list[str]:
    results = Results(path, make(), ids)
    results.close()
    assert {digest for _, digest in results.done} <= {"digest"}
    return sorted(name for name, _ in results.done)


@_forms
def test_cut_off_anywhere_it_can_be_gone_on_with(tmp_path: Path, make: Make, suffix: str) -> None:
    """After any byte: whole results are known, a torn one is not, and what follows is whole."""
    path = tmp_path / f"out{suffix}"
    write(path, make, ok("a"), ok("b"))
    whole = path.read_bytes()
    ends = [len(whole) - len(make().row("digest", ok("b"))), len(whole)]
    slack = 1 if make is Lines else 0  # of a line, the end may be missing
    near = [end + by for end in ends for by in (-2, -1, 0)]
    for size in sorted({*range(0, len(whole), 13), *near}):
        path.write_bytes(whole[:size])
        known = done(path, make, "a", "b", "c")
        assert known == ["a", "b"][: sum(size + slack >= end for end in ends)]
        write(path, make, *(ok(name) for name in "abc" if name not in known))
        assert done(path, make) == ["a", "b", "c"]
        assert len(list(make().rows(path.read_bytes()))) == 3


@_forms
def test_what_failed_is_replaced(tmp_path: Path, make: Make, suffix: str) -> None:
    """A document that failed and is asked again has one row in the end; others stay."""
    path = tmp_path / f"out{suffix}"
    write(path, make, failed("a"), ok("b"), failed("c"))
    write(path, make, ok("a"))
    rows = [(row.key[0], row.status) for row in make().rows(path.read_bytes())]
    assert rows == [("b", "ok"), ("c", "failed"), ("a", "ok")]
    assert done(path, make) == ["a", "b"]


@_forms
def test_nobody_else_writes_to_it(tmp_path: Path, make: Make, suffix: str) -> None:
    """A second process is told so, before and after the file was written anew."""
    path = tmp_path / f"out{suffix}"
    write(path, make, failed("a"), ok("b"))
    first = Results(path, make(), ["a"])
    with pytest.raises(Conflict, match="Another process"):
        Results(path, make(), [])
    first.close()
    assert done(path, make) == ["b"]


@_forms
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, make: Make, suffix: str) -> None:
    """It is refused in words, and not a byte of it changes."""
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"dear,diary\r\ntoday\r\n")
    with pytest.raises(BadInput, match="cannot be gone on with"):
        Results(path, make(), [])
    assert path.read_bytes() == b"dear,diary\r\ntoday\r\n"


def test_an_editor_may_have_taken_the_last_line_end(tmp_path: Path) -> None:
    """A last line of JSON that is whole but for its end counts."""
    path = tmp_path / "out.jsonl"
    write(path, Lines, ok("a"))
    path.write_bytes(path.read_bytes().rstrip())
    assert done(path, Lines, "a") == ["a"]
    assert path.read_bytes().endswith(b"}\n")
