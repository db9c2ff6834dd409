"""The tables. Times are milliseconds since 1970 in UTC; ids are made by `app.ids`.

Messages form a tree by `parent_id`: an edit or a second answer is a sibling, nothing is
overwritten. `parts` and `usage` are JSON made by msgspec, kept as text because PostgreSQL's
JSON types refuse U+0000. `seq` is the order of writing.
"""

from __future__ import annotations

from app.storage.tables.access import keys, secrets, teams
from app.storage.tables.agents import parked, run_logs
from app.storage.tables.base import metadata
from app.storage.tables.history import conversations, messages, runs
from app.storage.tables.money import budgets, calls, spending
from app.storage.tables.people import sessions
from app.storage.tables.privacy import consents, feedback
from app.storage.tables.watching import anomalies, hours

__all__ = [
    "anomalies",
    "budgets",
    "calls",
    "consents",
    "conversations",
    "feedback",
    "hours",
    "keys",
    "messages",
    "metadata",
    "parked",
    "run_logs",
    "runs",
    "secrets",
    "sessions",
    "spending",
    "teams",
]
