"""Bringing a database to the newest revision, and asking whether it is there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.storage.database import Database

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Apply what is missing, in one transaction, once whoever else does so has finished.

    Nothing to do is no error.
    """
    database.alone(_upgrade)


def is_current(database: Database) -> bool:
    """Whether this version can work with the database: it has our newest revision, or a newer.

    Revisions only add to what is there, so that in a rolling deploy those who are not replaced
    yet go on beside the new ones, and a version can be rolled back.
    """
    return _suffices(database.read(_revision))


def _upgrade(connection: Connection) -> None:
    if _suffices(_revision(connection)):
        return
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _suffices(revision: str | None) -> bool:
    """Ours is the newest of those that we know; one that we do not know is a newer version's."""
    known = _known()
    return revision is not None and (revision == known[0] or revision not in known)


@cache
def _known() -> Sequence[str]:
    """The revisions of this version, the newest first."""
    scripts = ScriptDirectory.from_config(_alembic())
    return [script.revision for script in scripts.walk_revisions()]


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
