"""Whether this process can do its work."""

from __future__ import annotations

import structlog

from app.cluster.connection import Connection
from app.errors import ParleyError
from app.runs.registry import Runs
from app.storage.database import Database
from app.storage.migrate import is_current

log = structlog.get_logger()


class Readiness:
    """Asks the database each time: it is what must be there for anything to work.

    `required` is a Redis without which nobody is to be let in.
    """

    def __init__(self, database: Database, live: Runs, required: Connection | None = None) -> None:
        self._database = database
        self._live = live
        self._required = required

    def trouble(self) -> str | None:
        """A sentence on what is wrong, None if nothing is."""
        if self._live.closing:
            return "This server is going down for a restart."
        if self._required is not None and not self._required.up:
            return "Redis, which is required here, does not answer."
        try:
            if not is_current(self._database):
                return "The database has not been migrated. Run `flask migrate`."
        except ParleyError as error:
            return error.detail
        except Exception:
            log.exception("readiness_check_broke")
            return "The database cannot be asked. The log says why."
        return None
