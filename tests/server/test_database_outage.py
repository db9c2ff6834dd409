"""PostgreSQL goes away in the middle of streams and comes back: nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import gevent
import pytest
from sqlalchemy import func, select

from app.storage.database import Database, connect
from app.storage.migrate import migrate
from app.storage.tables import calls, messages, runs, spending
from tests.blueprints.talk import Frame, frames, text
from tests.server.callers import STREAM, WHOLE, Caller
from tests.server.process import Server, free_port, gunicorn, running, wait_until_ready
from tests.storage import postgresql
from tests.upstream import Upstream

Quote = Callable[[str], None]
Outage = Literal["stopped", "frozen"]

_ADMIN = "an-admin-key-of-this-test"
_HEADERS = {"Authorization": f"Bearer {_ADMIN}"}
_GAP = 20_000  # microseconds between two tokens
# What a request may take while there is no database, and what a busy machine adds to it.
_WITHIN, _BUSY = 2.0, 1.0


class Told(NamedTuple):
    """An answer, and the seconds that it took."""

    status: int
    retry_after: str | None
    seconds: float


@pytest.fixture
def postgres() -> Iterator[postgresql.Server]:
    with postgresql.serving(free_port()) as server:
        database = connect(server.url)
        migrate(database)
        database.close()
        yield server


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@contextmanager
def serving(folder: Path, postgres: postgresql.Server, upstream: Upstream) -> Iterator[Server]:
    port = free_port()
    environment = {
        "DATABASE_URL": postgres.url,
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "MODEL_PRICES": '{"openai/*": {"input": "1", "output": "10"}}',
        "BUDGET_DAY_USD": "1000",
        "PORT": str(port),
        "ADMIN_KEY": _ADMIN,
        "LEASE_SECONDS": "1",  # shorter than any outage
        "MAX_RETRY_WAIT": "1",
        "LOG_LEVEL": "WARNING",
    }
    command = gunicorn("--bind", f"127.0.0.1:{port}", "wsgi:app")
    with running(command, folder, environment) as server:
        server.url = f"http://127.0.0.1:{port}"
        wait_until_ready(server)
        yield server


@contextmanager
def away(postgres: postgresql.Server, outage: Outage) -> Iterator[None]:
    if outage == "frozen":
        postgres.freeze()
        yield
        postgres.thaw()
    else:
        postgres.stop()
        yield
        postgres.start()


def stream(server: Server, model: str) -> list[Frame]:
    """Its frames. Who is told to come again, because the machine is slow, does."""
    while True:
        with Caller(server, STREAM, {"message": "hi", "model": model}, _HEADERS) as caller:
            body = caller.read()
        if caller.answer.status == 200:
            return frames(body)
        assert caller.answer.status == 503, body
        gevent.sleep(0.1)


def told(server: Server, path: str, body: dict[str, Any] | None = None) -> Told:
    began = time.monotonic()
    with Caller(server, path, body, _HEADERS) as caller:
        caller.read()
        waited = caller.answer.getheader("Retry-After")
        return Told(caller.answer.status, waited, time.monotonic() - began)


def asked_meanwhile(server: Server, seconds: float) -> list[Told]:
    """Requests of all kinds, one after the other, by several callers at once."""
    until = time.monotonic() + seconds
    found: list[Told] = []

    def ask(path: str, body: dict[str, Any] | None) -> None:
        while time.monotonic() < until:
            found.append(told(server, path, body))

    ask_for = {"message": "hi", "model": "openai/mock-3-0"}
    kinds = [(WHOLE, ask_for), (STREAM, ask_for), ("/api/conversations", None), ("/readyz", None)]
    kinds += [("/api/usage", None), ("/api/conversations?q=hi", None), ("/api/admin/keys", None)]
    gevent.joinall([gevent.spawn(ask, *kind) for kind in kinds], raise_error=True)
    return found


def counted(database: Database, column: Any) -> Counter[str]:
    query = select(column, func.count()).group_by(column)
    return Counter({row[0]: row[1] for row in database.read(lambda tx: tx.execute(query).all())})


def held(database: Database) -> int:
    return int(database.read(lambda tx: tx.scalar(select(func.sum(spending.c.held)))) or 0)


def settled(database: Database) -> bool:
    open_ = counted(database, calls.c.state)["open"] + counted(database, runs.c.state)["running"]
    return open_ == 0 and held(database) == 0


def until(condition: Callable[[], bool], seconds: float) -> float:
    began = time.monotonic()
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.1)
    return time.monotonic() - began


def answers(database: Database) -> dict[str, str]:
    """What is stored for each run, as JSON."""
    query = select(messages.c.run_id, messages.c.parts).where(messages.c.role == "assistant")
    found = database.read(lambda tx: tx.execute(query).all())
    assert len(found) == len({row.run_id for row in found}), "an answer is there twice"
    return {row.run_id: row.parts for row in found}


def models(count: int, longest: float) -> list[str]:
    """Answers of all lengths up to so many seconds, and some that fail and are asked for again."""
    random_ = random.Random(count)
    lengths = [random_.randint(1, int(longest * 1e6 / _GAP)) for _ in range(count)]
    made = [f"openai/mock-{length}-{_GAP}" for length in lengths]
    made[::10] = [f"openai/slow-{longest / 2:.1f}-status-503" for _ in made[::10]]
    return made


@pytest.mark.parametrize("outage", ["stopped", "frozen"])
@pytest.mark.parametrize(
    ("count", "longest", "missing"),
    [(30, 3.0, 2.0), pytest.param(100, 12.0, 5.0, marks=pytest.mark.prove)],
)
def test_a_database_that_goes_and_comes_back(
    tmp_path: Path,
    postgres: postgresql.Server,
    upstream: Upstream,
    outage: Outage,
    count: int,
    longest: float,
    missing: float,
    quote: Quote,
) -> None:
    """Every stream ends with one word, what is `done` is stored whole, the ledger is what the
    model server counted, and whoever asks meanwhile hears within two seconds to come again.
    """
    with serving(tmp_path, postgres, upstream) as server:
        jobs = [gevent.spawn(stream, server, model) for model in models(count, longest)]
        until(lambda: sum(upstream.calls.values()) >= count, 60)
        with away(postgres, outage):
            gevent.sleep(0.1)
            refused = asked_meanwhile(server, missing)
        gevent.joinall(jobs, raise_error=True)
        database = connect(postgres.url)
        healed = until(lambda: settled(database), 30)
        ended = [job.get() for job in jobs]
        said = Counter(log[-1].event for log in ended)
        states = counted(database, calls.c.state)
        stored = answers(database)
        assert told(server, WHOLE, {"message": "hi", "model": "openai/mock-3-0"}).status == 200
        database.close()
    slowest = max(answer.seconds for answer in refused)
    quote(
        f"{outage} for {missing:g} s, {count} streams: {said['done']} done, {said['error']} with "
        f"an error; {len(refused)} requests refused, the slowest in {slowest:.2f} s; healed after "
        f"{healed:.1f} s; {states.total()} calls: {dict(states)}"
    )
    assert {answer.status for answer in refused} == {503}
    assert all(answer.retry_after for answer in refused)
    assert slowest < _WITHIN + _BUSY
    for log in ended:
        assert [frame.event in ("done", "error") for frame in log].count(True) == 1
        if log[-1].event == "done":
            assert f'"text":"{text(log)}"' in stored[log[0].data["run_id"]]
    assert said["done"] >= count * 9 // 10
    assert states.total() == sum(upstream.calls.values()) - 1
    assert set(states) <= {"ok", "failed"}


def test_a_process_that_does_not_live_to_see_it(
    tmp_path: Path, postgres: postgresql.Server, upstream: Upstream
) -> None:
    """What a process put by before it was killed is brought in by the next one, once."""
    model = f"openai/mock-100-{_GAP}"
    with serving(tmp_path, postgres, upstream) as server:
        jobs = [gevent.spawn(stream, server, model) for _ in range(10)]
        until(lambda: upstream.open == 10, 10)
        postgres.stop()
        gevent.joinall(jobs, raise_error=True)
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
    logs = [job.get() for job in jobs]
    assert [log[-1].event for log in logs] == ["done"] * 10
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").iterdir()} == {0o600}
    postgres.start()
    database = connect(postgres.url)
    assert set(counted(database, runs.c.state)) == {"running"}
    with serving(tmp_path, postgres, upstream):
        until(lambda: counted(database, runs.c.state) == {"done": 10}, 30)
        stored = answers(database)
        assert settled(database)
        assert counted(database, calls.c.state) == {"ok": 10}
        for log in logs:
            assert f'"text":"{text(log)}"' in stored[log[0].data["run_id"]]
    database.close()
    assert list((tmp_path / "spool").iterdir()) == []
