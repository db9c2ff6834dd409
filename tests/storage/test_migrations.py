"""The migrations make what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from app.storage import conversations
from app.storage import migrate as migrations
from app.storage.database import Database
from app.storage.migrate import is_current, migrate
from app.storage.tables import metadata


def alembic(tx: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent / "migrations"))
    config.attributes["connection"] = tx
    return config


def tables(database: Database) -> set[str]:
    return database.read(lambda tx: set(inspect(tx).get_table_names())) - {"alembic_version"}


def differences(tx: Connection) -> list[object]:
    context = MigrationContext.configure(tx, opts={"compare_server_default": True})
    return list(compare_metadata(context, metadata))


def test_from_blank_to_what_the_tables_say(blank: Database) -> None:
    """A blank database is not current; migrated, it is, and Alembic sees nothing left to do."""
    assert not is_current(blank)
    migrate(blank)
    assert is_current(blank)
    assert tables(blank) == set(metadata.tables)
    assert blank.read(differences) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A start on a current database keeps what is in it."""
    made = database.write(lambda tx: conversations.create(tx, "ada", "Hello", None))
    migrate(database)
    assert database.read(lambda tx: conversations.find(tx, "ada", made.id)) == made


def test_down_and_up_again(database: Database) -> None:
    """Every step can be taken back, down to nothing, and taken again."""
    steps = list(ScriptDirectory.from_config(alembic()).walk_revisions())
    for _ in steps:
        assert tables(database)
        database.alone(lambda tx: command.downgrade(alembic(tx), "-1"))
    assert tables(database) == set()
    assert not is_current(database)
    for _ in steps:
        database.alone(lambda tx: command.upgrade(alembic(tx), "+1"))
    assert is_current(database)
    assert database.read(differences) == []


def test_a_migration_that_fails_leaves_nothing_behind(
    blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps are one transaction: an error takes all of them back."""

    def fail(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise RuntimeError

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(RuntimeError):
        migrate(blank)
    assert tables(blank) == set()
    monkeypatch.undo()
    migrate(blank)
    assert is_current(blank)


def test_an_older_version_beside_a_newer(blank: Database) -> None:
    """A database that a newer version has migrated is good enough, and is left as it is."""
    migrate(blank)
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    blank.write(lambda tx: tx.execute(newer) and None)
    assert is_current(blank)
    migrate(blank)
    found = text("SELECT version_num FROM alembic_version")
    assert blank.read(lambda tx: tx.execute(found).scalar_one()) == "9999"
