"""Sessions: what a cookie may is what the key may, for so long and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from app.accounts import Account
from app.errors import BadInput, NotAuthenticated, TooMany
from app.ids import now
from app.services import identity, throttle
from app.services import sessions as module
from app.storage import sessions as rows
from app.storage.database import Database, connect
from tests.services.people_at_work import ADMIN, HERE, Process, token
from tests.storage.databases import fresh


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = connect(fresh(tmp_path))
    with gevent.Timeout(60):
        yield made
    made.close()


@pytest.fixture
def process(database: Database) -> Process:
    return Process(database)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Minutes that have passed since; what was remembered before is forgotten."""
    passed = [0]
    monkeypatch.setattr(module, "now", lambda: now() + passed[0] * 60_000)
    monkeypatch.setattr(identity, "_FRESH", 0.0)
    return passed


def refusal(process: Process, held: str) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        process.sessions.of(held, HERE)
    return caught.value.detail


def test_a_session_is_its_key(process: Process) -> None:
    """Whoever has the cookie is the account that the key is, in every process."""
    _, key = process.made()
    held = process.signed_in(key)
    assert process.sessions.of(held, HERE) == process.identity.of(key, HERE)
    other = Process(process.sessions._database)
    assert other.sessions.of(held, HERE) == process.identity.of(key, HERE)


def test_the_table_opens_nothing(process: Process, database: Database) -> None:
    """What is stored is neither the key nor what the cookie holds, and two are never the same."""
    _, key = process.made()
    held = {process.signed_in(key) for _ in range(3)}
    assert len(held) == 3
    stored = database.read(lambda tx: str(tx.exec_driver_sql("SELECT * FROM sessions").all()))
    assert key not in stored
    assert not [one for one in held if one in stored]


@pytest.mark.parametrize("how", ["revoked", "rotated", "expired"])
def test_it_ends_with_its_key(process: Process, database: Database, how: str) -> None:
    """A key that is revoked, replaced or expired takes its sessions with it, with its reason."""
    key_id, key = process.made(expires_at=now() + 400 if how == "expired" else None)
    held = process.signed_in(key)
    if how == "revoked":
        process.keys.revoke(key_id)
    elif how == "rotated":
        process.keys.rotate(key_id)
    else:
        gevent.sleep(0.45)
    said = {"revoked": "was revoked", "rotated": "was replaced", "expired": "expired"}[how]
    assert said in refusal(process, held)


def test_what_a_key_loses_its_session_loses(process: Process) -> None:
    """A change of the key's scopes is one of its sessions'."""
    key_id, key = process.made()
    held = process.signed_in(key)
    process.keys.change(key_id, {"scopes": ["extract"]}, {})
    assert process.sessions.of(held, HERE).scopes == ("extract",)


def test_idle_sessions_end(process: Process, clock: list[int]) -> None:
    """Two hours without a request end it; one that is used each hour goes on."""
    _, key = process.made()
    left, used = process.signed_in(key), process.signed_in(key)
    for minutes in (60, 119, 178):
        clock[0] = minutes
        assert process.sessions.of(used, HERE).owner == "ada"
    assert refusal(process, left) == "This session has ended. Sign in again."


def test_every_session_ends(process: Process, clock: list[int]) -> None:
    """After a day it is over, however often it was used."""
    _, key = process.made()
    held = process.signed_in(key)
    for minutes in range(60, 24 * 60, 60):
        clock[0] = minutes
        process.sessions.of(held, HERE)
    clock[0] = 24 * 60
    assert refusal(process, held) == "This session has ended. Sign in again."


def test_what_is_over_is_swept(process: Process, database: Database, clock: list[int]) -> None:
    """The next who signs in clears away the sessions that have ended."""
    _, key = process.made()
    process.signed_in(key)
    clock[0] = 24 * 60 + 1
    process.signed_in(key)
    count = "SELECT count(*) FROM sessions"
    assert database.read(lambda tx: tx.exec_driver_sql(count).scalar()) == 1


def test_being_seen_is_seldom_written(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred requests within a minute write nothing."""
    _, key = process.made()
    held = process.signed_in(key)
    written: list[str] = []
    monkeypatch.setattr(rows, "seen", lambda *said: written.append("seen"))
    monkeypatch.setattr(identity, "_FRESH", 0.0)
    for _ in range(100):
        process.sessions.of(held, HERE)
    assert written == []


def test_sign_out(process: Process) -> None:
    """It ends this session, at once and once; the key's others go on."""
    _, key = process.made()
    mine, other = process.signed_in(key), process.signed_in(key)
    process.sessions.of(mine, HERE)
    for _ in range(2):
        process.sessions.end(mine)
        assert refusal(process, mine) == module.UNKNOWN
    assert process.sessions.of(other, HERE).owner == "ada"


def test_sign_out_everywhere(process: Process) -> None:
    """It ends the key's sessions, and nobody else's, not those of another key of the owner."""
    (_, key), (_, second) = process.made(), process.made()
    mine = [process.signed_in(key) for _ in range(3)]
    others = [process.signed_in(second), process.signed_in(ADMIN)]
    process.sessions.end_all(process.identity.of(key, HERE))
    assert {refusal(process, held) for held in mine} == {module.UNKNOWN}
    assert [process.sessions.of(held, HERE).owner for held in others] == ["ada", "admin"]


def test_admins_have_sessions_too(process: Process, database: Database) -> None:
    """One of ADMIN_KEY holds while that is what it was, and ends everywhere when it is told to."""
    held = process.signed_in(ADMIN)
    assert process.sessions.of(held, HERE) == Account(owner="admin")
    for changed in ("another-admin-key-of-the-tests", None):
        refusal(Process(database, admin=changed), held)
    process.sessions.end_all(Account(owner="admin"))
    assert refusal(process, held) == module.UNKNOWN


def test_where_no_key_is_in_force_nobody_signs_in(process: Process) -> None:
    """Who needs no key gets no session."""
    with pytest.raises(BadInput, match="nobody has to sign in"):
        process.sessions.begin("anything", Account(owner="local"))


@pytest.mark.parametrize("held", ["", "x", "A" * 43, "A" * 42 + "\0", "é" * 43, "A" * 9_999])
def test_what_is_no_session(process: Process, held: str) -> None:
    """Whatever a cookie holds is a session or refused."""
    assert refusal(process, held) == module.UNKNOWN


def test_guesses_are_counted(process: Process) -> None:
    """Wrong cookies count as wrong keys do, and a session that is right passes all the same."""
    _, key = process.made()
    held = process.signed_in(key)
    process.sessions.of(held, HERE)
    for number in range(throttle._WRONG):
        refusal(process, f"{number:043}")
    with pytest.raises(TooMany):
        process.sessions.of("A" * 43, HERE)
    with pytest.raises(TooMany):
        process.identity.of("parley_" + "y" * 43, HERE)
    assert process.sessions.of(held, HERE).owner == "ada"


def test_a_cookie_is_no_key(process: Process) -> None:
    """What a cookie holds opens nothing as a key, where no second thing would be asked for."""
    _, key = process.made()
    held = process.signed_in(key)
    with pytest.raises(NotAuthenticated):
        process.identity.of(held, HERE)


def test_of_a_users_token(database: Database) -> None:
    """It is the user's, outlives the token by nothing, and ends everywhere for this user alone."""
    key_id, _ = Process(database).made()
    process = Process(database, key_id=key_id)
    sent = token(exp=now() // 1000 + 60)
    begun = process.sessions.begin(sent, process.identity.of(sent, HERE))
    assert begun.expires_at <= now() + 60_000
    account = process.sessions.of(begun.token, HERE)
    assert (account.user, account.payer, account.key_id) == ("alice", "ada", key_id)
    bob = process.signed_in(token(sub="bob"))
    process.sessions.end_all(account)
    assert refusal(process, begun.token) == module.UNKNOWN
    assert process.sessions.of(bob, HERE).user == "bob"
    process.keys.change(key_id, {"scopes": ["chat"]}, {})
    assert "scope users" in refusal(process, bob)


def test_csrf_tokens_are_the_sessions_own() -> None:
    """Each session has another one, always the same, and the cookie cannot be read from it."""
    one, other = "A" * 43, "B" * 43
    assert module.csrf_token(one) == module.csrf_token(one) != module.csrf_token(other)
    assert one not in module.csrf_token(one)
