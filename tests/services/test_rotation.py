"""SECRET_KEY is replaced, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from app.errors import NotAuthenticated
from app.storage.database import Database, connect
from tests.services.people_at_work import ADMIN, HERE, Process
from tests.storage.databases import fresh

_OLD, _NEW, _NEWEST = "the-old-secret-key", "the-new-secret-key", "the-newest-secret-key"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = connect(fresh(tmp_path))
    with gevent.Timeout(60):
        yield made
    made.close()


def digests(database: Database) -> set[str]:
    query = "SELECT digest, previous_digest FROM keys"
    rows = database.read(lambda tx: tx.exec_driver_sql(query).all())
    return {digest for row in rows for digest in row if digest}


def test_a_key_of_the_old_secret_is_taken(database: Database) -> None:
    """With the old secret among the fallbacks a key passes; without it, it would not."""
    _, key = Process(database, secret=_OLD).made()
    with pytest.raises(NotAuthenticated):
        Process(database, secret=_NEW).identity.of(key, HERE)
    after = Process(database, secret=_NEW, fallbacks=("of-no-key-at-all", _OLD))
    assert after.identity.of(key, HERE).owner == "ada"


def test_what_was_used_needs_the_old_secret_no_more(database: Database) -> None:
    """A key that was used under the new secret is stored under it; one that was not, is not."""
    before = Process(database, secret=_OLD)
    (_, used), (_, unused) = before.made(), before.made()
    old = digests(database)
    Process(database, secret=_NEW, fallbacks=(_OLD,)).identity.of(used, HERE)
    assert len(digests(database) & old) == 1
    after = Process(database, secret=_NEW)
    assert after.identity.of(used, HERE).owner == "ada"
    with pytest.raises(NotAuthenticated):
        after.identity.of(unused, HERE)


def test_a_rotated_key_holds_through_it(database: Database) -> None:
    """What a key was before its rotation is taken still, in its overlap, under the new secret."""
    before = Process(database, secret=_OLD)
    key_id, first = before.made()
    second = before.keys.rotate(key_id, 60).secret
    assert second
    after = Process(database, secret=_NEW, fallbacks=(_OLD,))
    assert after.identity.of(first, HERE) == after.identity.of(second, HERE)
    alone = Process(database, secret=_NEW)
    assert alone.identity.of(first, HERE) == alone.identity.of(second, HERE)


@pytest.mark.parametrize("key_is_used", [True, False])
def test_sessions_hold_through_it(database: Database, key_is_used: bool) -> None:
    """Nobody is signed out, whether their key has been used since or not; nor is an admin."""
    before = Process(database, secret=_OLD)
    _, key = before.made()
    held = [before.signed_in(key), before.signed_in(ADMIN)]
    after = Process(database, secret=_NEW, fallbacks=(_OLD,))
    if key_is_used:
        after.identity.of(key, HERE)
    assert [after.sessions.of(one, HERE).owner for one in held] == ["ada", "admin"]


def test_twice_at_once(database: Database) -> None:
    """With two old secrets a key of either is found, and stored under the newest."""
    _, oldest = Process(database, secret=_OLD).made()
    _, newer = Process(database, secret=_NEW).made()
    both = Process(database, secret=_NEWEST, fallbacks=(_NEW, _OLD))
    for key in (oldest, newer):
        assert both.identity.of(key, HERE).owner == "ada"
        assert Process(database, secret=_NEWEST).identity.of(key, HERE).owner == "ada"
