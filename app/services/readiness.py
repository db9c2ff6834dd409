"""Whether this process can do its work."""

from __future__ import annotations

import structlog

from app.errors import ParleyError
from app.runs.registry import Runs
from app.storage.database import Database
from app.storage.migrate import is_current

log = structlog.get_logger()


class Readiness:
    """Asks the database each time: it is what must be there for anything to work."""

    def __init__(self, database: Database, live: Runs) -> None:
        self._database = database
        self._live = live

    def trouble(self) -> str | None:
        """A sentence on what is wrong, None if nothing is."""
        if self._live.closing:
            return "This server is going down for a restart."
        try:
            if not is_current(self._database):
                return "The database has not been migrated. Run `flask migrate`."
        except ParleyError as error:
            return error.detail
        except Exception:
            log.exception("readiness_check_broke")
            return "The database cannot be asked. The log says why."
        return None
