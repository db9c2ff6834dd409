"""What is deleted from SQLite is not on the disk any more, and what is not deleted still is."""

from __future__ import annotations

import random
from pathlib import Path

from sqlalchemy import select

from app.storage import conversations, messages, privacy
from app.storage.database import Database, Transaction
from app.storage.messages import said_by_user
from app.storage.tables import conversations as table
from tests.storage.conftest import sqlite

__all__ = ["sqlite"]

_OWNERS = ("ada", "eve")


def _plant(database: Database, chance: random.Random) -> dict[str, list[str]]:
    """Texts of all sizes, of both owners by turns, on pages that they share. Each by its mark."""
    marks: dict[str, list[str]] = {owner: [] for owner in _OWNERS}

    def work(tx: Transaction, owner: str) -> None:
        mark = f"{owner}{chance.getrandbits(64):016x}"
        marks[owner].append(mark)
        made = conversations.create(tx, owner, f"Title {mark}", f"System {mark}")
        for _ in range(chance.randrange(1, 6)):
            words = f"{mark} " * chance.randrange(1, chance.choice([4, 40, 1_000]))
            messages.add(tx, made.id, said_by_user(None, words))

    for number in range(240):
        database.write(lambda tx, owner=_OWNERS[number % 2]: work(tx, owner))  # type: ignore[misc]
    return marks


def _on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("parley.db*")))


def test_nothing_is_left_on_the_disk(sqlite: Database, tmp_path: Path) -> None:
    """After a deletion neither file nor log holds a byte of it, and the other owner has all."""
    marks = _plant(sqlite, random.Random(1))
    assert all(mark.encode() in _on_disk(tmp_path) for mark in marks["ada"])
    while sqlite.write(lambda tx: privacy.remove_conversations(tx, "ada", 7)):
        pass
    sqlite.erase()
    left = _on_disk(tmp_path)
    assert [mark for mark in marks["ada"] if mark.encode() in left] == []
    assert all(mark.encode() in left for mark in marks["eve"])
    kept = sqlite.read(lambda tx: tx.scalars(select(table.c.title)).all())
    assert len(kept) == len(marks["eve"])
