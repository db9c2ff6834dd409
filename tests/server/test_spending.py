"""Two processes on one database, many callers, one budget: never a cent over, never a cent lost."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests
from sqlalchemy import select

from app.storage.database import Database, connect
from app.storage.tables import calls, spending
from tests.server.process import Server, free_port, gunicorn, running, wait_until_ready
from tests.storage import postgresql
from tests.upstream import Upstream

# The model server bills 10 tokens for these 8, so a call costs 10^-4 dollars, and its worst case
# is just that.
_MODEL = "openai/mock-8"
_CALL = 10**8
_PRICES = '{"openai/*": {"input": "0", "output": "10"}}'
_ADMIN = "an-admin-key-of-this-test"
_LEASE = 2.0

_mostly_sqlite = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.prove)], indirect=True
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/shared.db"
        return
    with postgresql.running() as found:
        yield found


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@contextmanager
def serving(folder: Path, url: str, upstream: Upstream) -> Iterator[Server]:
    """One process of several on the same database."""
    port = free_port()
    folder.mkdir()
    environment = {
        "DATABASE_URL": url,
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "MODEL_PRICES": _PRICES,
        "PORT": str(port),
        "ADMIN_KEY": _ADMIN,
        "LEASE_SECONDS": str(_LEASE),
        "MAX_RETRY_WAIT": "0",
        "FIRST_BYTE_TIMEOUT": "1",
        "LOG_LEVEL": "WARNING",
    }
    command = gunicorn("--bind", f"127.0.0.1:{port}", "wsgi:app")
    with running(command, folder, environment) as server:
        server.url = f"http://127.0.0.1:{port}"
        wait_until_ready(server)
        yield server


@contextmanager
def servers(tmp_path: Path, url: str, upstream: Upstream, count: int) -> Iterator[list[Server]]:
    migrated = connect(url)
    try:
        from app.storage.migrate import migrate

        migrate(migrated)
    finally:
        migrated.close()
    made: list[Any] = [serving(tmp_path / f"p{n}", url, upstream) for n in range(count)]
    started: list[Server] = []
    try:
        started += [server.__enter__() for server in made]
        yield started
    finally:
        for server in made[: len(started)]:
            server.__exit__(None, None, None)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    found = connect(url)
    yield found
    found.close()


def key(server: Server, **budgets: str) -> tuple[str, str]:
    """A key that nobody has seen before: its id and itself."""
    answer = requests.post(
        f"{server.url}/api/admin/keys",
        json={"owner": "ada", "scopes": ["chat"], "budgets": budgets},
        headers={"Authorization": f"Bearer {_ADMIN}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["key"]


def ask(server: Server, secret: str, model: str = _MODEL) -> int:
    """The status, or 0 where the server has gone. Who is told to come again does."""
    for _ in range(10):
        try:
            answer = requests.post(
                f"{server.url}/api/chat",
                json={"message": "hi", "model": model, "max_output_tokens": 10},
                headers={"Authorization": f"Bearer {secret}"},
                timeout=60,
            )
        except requests.RequestException:
            return 0
        # So many at one row can take longer than a database may on a slow machine.
        if answer.status_code != 503 or answer.json()["code"] != "unavailable":
            break
        gevent.sleep(float(answer.headers["Retry-After"]))
    return answer.status_code


def spent_and_held(database: Database, key_id: str) -> tuple[int, int]:
    wanted = spending.c.budget_id.like(f"key:{key_id}:%")
    rows = database.read(
        lambda tx: tx.execute(select(spending.c.spent, spending.c.held).where(wanted)).all()
    )
    return sum(row.spent for row in rows), sum(row.held for row in rows)


def ledger(database: Database, key_id: str) -> list[Any]:
    query = select(calls.c.state, calls.c.cost, calls.c.held).where(calls.c.key_id == key_id)
    return list(database.read(lambda tx: tx.execute(query).all()))


def until(condition: Callable[[], bool], seconds: float) -> None:
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.1)


@pytest.mark.parametrize(
    ("processes", "rounds", "callers", "paid"),
    [(2, 1, 60, 20), pytest.param(4, 20, 200, 50, marks=pytest.mark.prove)],
)
def test_never_a_cent_over(
    tmp_path: Path,
    url: str,
    upstream: Upstream,
    database: Database,
    processes: int,
    rounds: int,
    callers: int,
    paid: int,
) -> None:
    """A cap for just so many calls: just so many go through, and they are all that was billed."""
    processes = 2 if url.startswith("sqlite") else processes
    with servers(tmp_path, url, upstream, processes) as started:
        for _ in range(rounds):
            upstream.reset()
            key_id, secret = key(started[0], day=f"{paid / 10_000:.4f}")
            jobs = [gevent.spawn(ask, started[n % processes], secret) for n in range(callers)]
            gevent.joinall(jobs, raise_error=True)
            statuses = [job.value for job in jobs]
            assert Counter(statuses) == {200: paid, 402: callers - paid}
            assert sum(upstream.calls.values()) == paid
            until(lambda key_id=key_id: len(ledger(database, key_id)) == paid, 10)  # type: ignore[misc]
            assert [row.cost for row in ledger(database, key_id)] == [_CALL] * paid
            assert spent_and_held(database, key_id) == (paid * _CALL, 0)


@_mostly_sqlite
@pytest.mark.parametrize(
    ("callers", "paid"), [(40, 30), pytest.param(200, 100, marks=pytest.mark.prove)]
)
def test_a_process_is_killed_in_the_middle(
    tmp_path: Path, url: str, upstream: Upstream, database: Database, callers: int, paid: int
) -> None:
    """What was under way is booked as abandoned within the lease; the cap holds all the same."""
    with servers(tmp_path, url, upstream, 2) as started:
        key_id, secret = key(started[0], day=f"{paid / 10_000:.4f}")
        slow = "openai/mock-8-150000"
        jobs = [gevent.spawn(ask, started[n % 2], secret, slow) for n in range(callers)]
        until(lambda: upstream.open >= min(callers, paid) // 2, 30)
        os.killpg(started[0].process.pid, signal.SIGKILL)
        gevent.joinall(jobs, raise_error=True)
        until(lambda: spent_and_held(database, key_id)[1] == 0, _LEASE * 4 + 10)
        spent, _ = spent_and_held(database, key_id)
        booked = ledger(database, key_id)
        assert spent == sum(row.cost for row in booked) <= paid * _CALL
        assert {row.state for row in booked} <= {"ok", "abandoned"}
        assert len(booked) >= sum(upstream.calls.values())
        abandoned = [row for row in booked if row.state == "abandoned"]
        assert len(booked) - sum(upstream.calls.values()) <= len(abandoned)
        assert ask(started[1], secret) in (200, 402)


def leave(server: Server, secret: str, model: str) -> None:
    """A caller that gives up after a moment."""
    body = json.dumps({"message": "hi", "model": model, "max_output_tokens": 10})
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    caller = HTTPConnection(server.url.removeprefix("http://"), timeout=0.3)
    with closing(caller), suppress(TimeoutError):
        caller.request("POST", "/api/chat", body, headers)
        caller.getresponse()


def stop(server: Server, secret: str, model: str) -> None:
    """A caller that stops what it has begun."""
    headers = {"Authorization": f"Bearer {secret}"}
    body = {"message": "hi", "model": model, "max_output_tokens": 10}
    url = f"{server.url}/api/chat/stream"
    with requests.post(url, json=body, headers=headers, stream=True, timeout=60) as answer:
        run = answer.headers["X-Run-ID"]
        requests.post(f"{server.url}/api/runs/{run}/stop", headers=headers, timeout=60)


_ENDINGS: list[tuple[Callable[..., Any], str]] = [
    (ask, _MODEL),
    (ask, "openai/status-500"),
    (ask, "openai/status-503"),
    (ask, "openai/silent-0"),
    (ask, "openai/cut-3"),
    (leave, "openai/stall-2"),
    (leave, "openai/mock-8-100000"),
    (stop, "openai/mock-8-50000"),
]


@_mostly_sqlite
@pytest.mark.parametrize("times", [4, pytest.param(125, marks=pytest.mark.prove)])
def test_however_it_ends(
    tmp_path: Path, url: str, upstream: Upstream, database: Database, times: int
) -> None:
    """Answers, errors, timeouts, callers that leave or stop: every call is booked, once."""
    with servers(tmp_path, url, upstream, 2) as started:
        key_id, secret = key(started[0], day="1000")
        jobs = []
        for n in range(times):
            jobs = [gevent.spawn(do, started[n % 2], secret, m) for do, m in _ENDINGS]
            gevent.joinall(jobs, raise_error=True)
        until(lambda: spent_and_held(database, key_id)[1] == 0 and upstream.open == 0, 30)
        booked = ledger(database, key_id)
        assert len(booked) == sum(upstream.calls.values())
        assert spent_and_held(database, key_id)[0] == sum(row.cost for row in booked)
        assert {row.state for row in booked} == {"ok", "failed", "stopped"}
