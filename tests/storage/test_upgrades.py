"""A database that has rows in it keeps them, from whichever revision it comes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, func, select

from app.storage.database import Database, connect
from app.storage.migrate import is_current, migrate
from app.storage.tables import metadata
from tests.server.process import ROOT, environment
from tests.storage import postgresql
from tests.storage.test_migrations import alembic, differences

_REVISIONS = [step.revision for step in ScriptDirectory.from_config(alembic()).walk_revisions()]
_PROCESSES = 3

# A row of each table, by name.
Rows = Mapping[str, Mapping[str, Any]]


def described(tx: Connection) -> list[Table]:
    """The tables that there are, parents first."""
    found = MetaData()
    found.reflect(tx)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _filled(column: Column[Any]) -> Any:
    """Something that the column takes. What refers to another table refers to its only row."""
    return {int: 7, bytes: b"x"}.get(column.type.python_type, "x")


def plant(tx: Connection) -> None:
    """A row in every table, with a value in every column."""
    for table in described(tx):
        tx.execute(table.insert().values({column.name: _filled(column) for column in table.c}))


def planted(tx: Connection) -> Rows:
    rows = {table.name: tx.execute(select(table)).mappings().all() for table in described(tx)}
    assert all(len(found) == 1 for found in rows.values())
    return {name: dict(found[0]) for name, found in rows.items()}


def is_within(old: Rows, new: Rows) -> bool:
    """Whether all that was there is there still, among what else there may be."""
    return all(old[name].items() <= new[name].items() for name in old if name in new)


@pytest.mark.parametrize("revision", _REVISIONS)
def test_up_from_every_revision(blank: Database, revision: str) -> None:
    """What stood in the tables of an earlier version stands in those of this one."""
    blank.alone(lambda tx: command.upgrade(alembic(tx), revision))
    blank.write(plant)
    old = blank.read(planted)
    migrate(blank)
    assert is_current(blank)
    assert blank.read(differences) == []
    new = blank.read(lambda tx: {t.name: _first(tx, t) for t in described(tx)})
    assert set(old) <= set(new)
    assert is_within(old, new)


@pytest.mark.parametrize("revision", _REVISIONS)
def test_down_to_every_revision(database: Database, revision: str) -> None:
    """A way back loses what the earlier version had no place for, and nothing else."""
    database.write(plant)
    new = database.read(planted)
    database.alone(lambda tx: command.downgrade(alembic(tx), revision))
    old = database.read(planted)
    assert is_within(old, new)
    migrate(database)
    again = database.read(lambda tx: {t.name: _first(tx, t) for t in described(tx)})
    assert is_within(old, again)
    assert database.read(differences) == []


def _first(tx: Connection, table: Table) -> dict[str, Any]:
    row = tx.execute(select(table)).mappings().first()
    return dict(row) if row else {}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/shared.db"
        return
    with postgresql.running() as found:
        yield found


def test_several_release_phases_at_once(url: str, tmp_path: Path) -> None:
    """Processes that all migrate a blank database at the same time all succeed."""
    program = [sys.executable, "-m", "flask", "--app", "wsgi", "migrate"]
    given = environment(tmp_path, {"DATABASE_URL": url})
    started = [
        subprocess.Popen(
            program, env=given, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(_PROCESSES)
    ]
    said = [process.communicate(timeout=60)[0].decode() for process in started]
    assert [process.returncode for process in started] == [0] * _PROCESSES, said
    database = connect(url)
    assert is_current(database)
    assert database.read(differences) == []
    count = database.read(
        lambda tx: tx.scalar(select(func.count()).select_from(metadata.tables["runs"]))
    )
    assert count == 0
    database.close()
