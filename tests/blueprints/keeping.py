"""What the tests keep, and how they look at what is kept."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from app.services import Services
from app.storage import conversations, messages
from app.storage.database import Transaction
from app.storage.messages import said_by_user


def listed(client: FlaskClient, **query: Any) -> list[dict[str, Any]]:
    """All pages, joined."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/conversations", query_string=asked, buffered=True)
        assert answer.status_code == 200, answer.text
        page = answer.get_json()
        assert set(page) == {"conversations", "next_cursor"}
        assert len(page["conversations"]) <= query.get("limit", 30)
        found += page["conversations"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def planted(services: Services, owner: str, title: str, said: str = "words") -> str:
    """A conversation of any owner's, with one message."""

    def plant(tx: Transaction) -> str:
        made = conversations.create(tx, owner, title, None)
        messages.add(tx, made.id, said_by_user(None, said))
        return made.id

    return services.database.write(plant)
