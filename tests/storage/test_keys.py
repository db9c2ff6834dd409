"""The rows of keys, teams, their budgets and their secret."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.accounts import Limits
from app.errors import BadInput, Conflict, NotFound
from app.ids import new_id, now
from app.storage import allowances, keys, secrets, teams
from app.storage.database import Database, Transaction, connect
from app.storage.keys import Key
from app.storage.tables import keys as table
from tests.properties import examples, texts

_FULL: dict[str, Any] = {
    "name": "phone\0\n",
    "owner": "ada",
    "team": "red",
    "scopes": ["chat", "admin"],
    "models": ["openai/*", "demo/demo"],
    "metadata": {"a": [1, {"b": "\0"}]},
    "limits": {"requests_per_minute": 1, "tokens_per_minute": 1_000_000_000, "streams": 3},
    "expires_at": 4_000_000_000_000,
}


def planted(tx: Transaction, digest: str, **given: Any) -> str:
    key_id = new_id("key")
    row = {"name": "", "owner": "ada", "scopes": ["chat"], "metadata": {}, **given}
    made = {"id": key_id, "digest": digest, "shown": "parley_abcd", "created_at": now()}
    keys.add(tx, {**row, **made})
    return key_id


def found(database: Database, key_id: str) -> Key:
    return database.read(lambda tx: keys.find(tx, key_id))


def test_a_key_is_read_as_it_was_written(database: Database) -> None:
    """Every field comes back, whatever is in its texts, and what was left out is without limit."""
    full = found(database, database.write(lambda tx: planted(tx, "a" * 64, **_FULL)))
    assert {name: getattr(full, name) for name in ("name", "owner", "team", "metadata")} == {
        name: _FULL[name] for name in ("name", "owner", "team", "metadata")
    }
    assert (full.scopes, full.models) == (("chat", "admin"), ("openai/*", "demo/demo"))
    assert full.limits == Limits(requests_per_minute=1, tokens_per_minute=10**9, streams=3)
    assert (full.expires_at, full.state) == (4_000_000_000_000, "active")
    bare = found(database, database.write(lambda tx: planted(tx, "b" * 64)))
    assert (bare.limits, bare.models, bare.team, bare.expires_at) == (Limits(), None, None, None)


def test_it_is_found_by_its_digest(database: Database) -> None:
    """By the whole digest and nothing else, with what its team shares."""
    key_id = database.write(lambda tx: planted(tx, "a" * 64, team="red"))
    database.write(lambda tx: teams.put(tx, "red", Limits(streams=4)))
    by_digest = database.read(lambda tx: keys.by_digest(tx, "a" * 64))
    assert by_digest is not None
    assert (by_digest.key.id, by_digest.current) == (key_id, True)
    assert by_digest.team_limits == Limits(streams=4)
    for wrong in ("", "a" * 63, "a" * 65, "a" * 63 + "b", "%", "A" * 64):
        assert database.read(lambda tx, d=wrong: keys.by_digest(tx, d)) is None  # type: ignore[misc]


def test_a_digest_is_compared_for_equality_only(sqlite: Database) -> None:
    """The statement asks two unique indexes for one value; nothing in it depends on a prefix."""
    statement = str(keys._by_digest._statement)
    where = statement.partition("WHERE")[2].split()
    assert " ".join(where) == "keys.digest = :sent OR keys.previous_digest = :sent"

    def plan(tx: Transaction) -> str:
        compiled = keys._by_digest._statement.compile(tx.engine)
        said = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ("a", "a"))
        return "\n".join(row[3] for row in said)

    shown = sqlite.read(plan)
    assert "(digest=?)" in shown
    assert "(previous_digest=?)" in shown
    assert "SCAN keys" not in shown


def test_a_rotation_keeps_the_row(database: Database) -> None:
    """After it both digests find the same key, told apart; after another the first finds none."""
    key_id = database.write(lambda tx: planted(tx, "a" * 64, **_FULL))
    before = found(database, key_id)
    until = now() + 60_000
    database.write(lambda tx: keys.rotate(tx, key_id, "b" * 64, "parley_bbbb", until))
    for digest, current in (("a" * 64, False), ("b" * 64, True)):
        by = database.read(lambda tx, d=digest: keys.by_digest(tx, d))  # type: ignore[misc]
        assert by is not None
        assert (by.key.id, by.current, by.key.previous_until) == (key_id, current, until)
        assert (by.key.limits, by.key.owner) == (before.limits, before.owner)
    database.write(lambda tx: keys.rotate(tx, key_id, "c" * 64, "parley_cccc", until))
    assert database.read(lambda tx: keys.by_digest(tx, "a" * 64)) is None


def test_a_change_leaves_the_rest(database: Database) -> None:
    """Fields that are not named stay, among the limits too; null takes one away."""
    key_id = database.write(lambda tx: planted(tx, "a" * 64, **_FULL))
    changes = {"models": None, "limits": {"streams": None, "max_output_tokens": 9}}
    database.write(lambda tx: keys.change(tx, key_id, changes))
    database.write(lambda tx: keys.change(tx, key_id, {}))
    changed = found(database, key_id)
    assert changed.models is None
    assert changed.limits == Limits(
        requests_per_minute=1, tokens_per_minute=10**9, max_output_tokens=9
    )
    assert (changed.name, changed.scopes) == (_FULL["name"], ("chat", "admin"))


def test_a_revocation_is_for_good(database: Database) -> None:
    """A second one keeps the first one's time, and the key may not be changed any more."""
    key_id = database.write(lambda tx: planted(tx, "a" * 64))
    database.write(lambda tx: keys.revoke(tx, key_id))
    first = found(database, key_id)
    assert first.state == "revoked"
    database.write(lambda tx: keys.revoke(tx, key_id))
    assert found(database, key_id) == first
    with pytest.raises(Conflict):
        database.read(lambda tx: keys.living(tx, key_id))


@pytest.mark.parametrize("wanted", ["", "key_none", "\0", "😀", "%", "x" * 5_000])
def test_an_id_that_nobody_has(database: Database, wanted: str) -> None:
    """Whatever is in an id that a caller made up, there is no key to read or revoke."""
    for act in (keys.find, keys.living, keys.revoke):
        with pytest.raises(NotFound):
            database.write(lambda tx, act=act: act(tx, wanted) and None)  # type: ignore[misc]


@examples(20)
@given(st.integers(0, 12), st.integers(1, 5))
def test_pages_joined_are_the_list(database: Database, count: int, limit: int) -> None:
    """No page leaves out or doubles a key, and the newest comes first."""

    def plant(tx: Transaction) -> list[str]:
        tx.execute(delete(table))
        return [planted(tx, f"{number:064}") for number in range(count)]

    ids = database.write(plant)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = database.read(lambda tx, at=cursor: keys.page(tx, limit, at))  # type: ignore[misc]
        assert len(page.keys) <= limit
        seen += [key.id for key in page.keys]
        assert len(seen) <= count
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(ids, reverse=True)


@examples(50)
@given(texts)
def test_a_made_up_cursor_is_the_callers_error(database: Database, cursor: str) -> None:
    """No text in a cursor's place breaks the server."""
    with pytest.raises(BadInput) as caught:
        database.read(lambda tx: keys.page(tx, 5, cursor))
    assert set(caught.value.errors or {}) == {"cursor"}


def test_allowances(database: Database) -> None:
    """Amounts are put, replaced, and taken away by null; whoever has none is there with none."""

    def change(scope: str, subject: str, **amounts: int | None) -> None:
        database.write(lambda tx: allowances.change(tx, scope, subject, amounts))

    change("key", "k1", day=1, month=9_000_000 * 10**12, request=None)
    change("key", "k1", day=2)
    change("team", "k1", day=7)
    change("key", "k2", request=0)
    of = database.read(lambda tx: allowances.of(tx, "key", ["k1", "k2", "k3"]))
    assert of == {"k1": {"day": 2, "month": 9_000_000 * 10**12}, "k2": {"request": 0}, "k3": {}}
    change("key", "k1", day=None, month=None)
    assert database.read(lambda tx: allowances.of(tx, "key", ["k1"])) == {"k1": {}}
    assert database.read(lambda tx: allowances.of(tx, "team", ["k1"])) == {"k1": {"day": 7}}


def test_a_team_is_replaced_as_a_whole(database: Database) -> None:
    """What was not named the second time is gone; teams come in the order of their names."""
    for name, limits in (("b", Limits(streams=1)), ("a", Limits()), ("b", Limits())):
        database.write(lambda tx, n=name, x=limits: teams.put(tx, n, x))  # type: ignore[misc]
    assert database.read(teams.every) == {"a": Limits(), "b": Limits()}
    assert list(database.read(teams.every)) == ["a", "b"]


def test_a_secret_is_made_once(database: Database) -> None:
    """Before it is made there is none; whoever makes it, at the same time too, gets the same."""
    assert database.read(lambda tx: secrets.find(tx, "keys")) is None
    url = database.engine.url.render_as_string(hide_password=False)
    others = [connect(url) for _ in range(3)]
    try:
        jobs = [
            gevent.spawn(db.write, lambda tx: secrets.make(tx, "keys"))
            for db in [database, *others]
        ]
        gevent.joinall(jobs, timeout=30, raise_error=True)
    finally:
        for other in others:
            other.close()
    made = {job.value for job in jobs}
    assert made == {database.read(lambda tx: secrets.find(tx, "keys"))}
    assert all(secret and len(secret) == 64 for secret in made)


def test_no_column_holds_a_key(database: Database) -> None:
    """What is kept is a digest, and the key's beginning to tell keys apart."""
    names = set(table.c.keys())
    assert not names & {"key", "secret", "token", "value"}
    key_id = database.write(lambda tx: planted(tx, "a" * 64))
    row = database.read(lambda tx: tx.execute(select(table).where(table.c.id == key_id)).one())
    assert row.shown == "parley_abcd"
