"""Grown: PostgreSQL, Redis, nginx, two instances of two workers; and clients that notice little."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.pool import Pool
from sqlalchemy import select

from app.storage.database import connect
from app.storage.tables import calls, runs, spending
from tests.cluster.redis_server import running as redis_running
from tests.deploy.front import address, before
from tests.server.callers import STREAM, Caller, until
from tests.server.fleet import Followed, begun, fleet
from tests.server.proc import children
from tests.server.process import Server, wait_until_ready
from tests.storage import postgresql
from tests.upstream import Upstream

Quote = Callable[[str], None]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, upstream: Upstream) -> Iterator[dict[str, str]]:
    with postgresql.running() as database, redis_running(tmp_path) as redis:
        yield {
            "DATABASE_URL": database,
            "REDIS_URL": redis.url,
            "OPENAI_BASE_URL": f"{upstream.url}/v1",
            "DRAIN_TIMEOUT": "3",
            "LEASE_SECONDS": "5",
            "BUDGET_DAY_USD": "1000",
            "MODEL_PRICES": '{"openai/*": {"input": "1", "output": "1"}}',
        }


class Client:
    """Asks once and does not give up: it comes back until it has read a terminal event."""

    def __init__(self, front: Server, model: str, number: int) -> None:
        self.stream = Followed()
        self.connections = 0
        self._front = front
        self._body = {"message": "hi", "model": model, "on_disconnect": "continue"}
        self._key = f"client-{number}"

    def __call__(self) -> Followed:
        with gevent.Timeout(240):
            while not self.stream.ended:
                self.connections += 1
                with suppress(OSError, HTTPException):
                    self._read()
                if not self.stream.ended:
                    gevent.sleep(0.2)
        return self.stream

    def _read(self) -> None:
        with self._asked() as caller:
            if caller.answer.status == 200:
                self.stream.run_id = str(caller.answer.headers["X-Run-ID"])
                part = b""
                try:
                    while more := caller.answer.read1(65_536):
                        part += more
                finally:
                    self.stream.take(part)

    def _asked(self) -> Caller:
        if not self.stream.run_id:
            return Caller(self._front, STREAM, self._body, {"Idempotency-Key": self._key})
        position = {"Last-Event-ID": str(self.stream.last)}
        return Caller(self._front, f"/api/runs/{self.stream.run_id}/events", headers=position)


@pytest.mark.parametrize(
    ("clients", "tokens", "pause"),
    [(40, 20, 200_000), pytest.param(1000, 60, 1_000_000, marks=pytest.mark.prove)],
)
def test_every_client_gets_its_end(
    tmp_path: Path,
    settings: dict[str, str],
    upstream: Upstream,
    clients: int,
    tokens: int,
    pause: int,
    quote: Quote,
) -> None:
    """A worker is killed and an instance restarted in the middle of many streams: each client
    that comes back gets a terminal event, what is done is whole, and the ledger has every call.
    """
    with fleet(tmp_path, 2, settings, workers=2) as instances:
        where = [address(instance) for instance in instances]
        with before(tmp_path, *where) as front:
            pool, model = Pool(), f"openai/mock-{tokens}-{pause}"
            asking = [Client(front, model, number) for number in range(clients)]
            streams = [pool.spawn(client) for client in asking]
            until(lambda: upstream.open >= clients * 0.9, 60)
            os.kill(children(instances[0].process.pid)[0], signal.SIGKILL)
            gevent.sleep(1)
            instances[1].process.send_signal(signal.SIGTERM)
            instances[1].process.wait(timeout=30)
            again = tmp_path / "again"
            again.mkdir()
            port = int(where[1].rpartition(":")[2])
            with begun(again, {**settings, "WEB_CONCURRENCY": "2"}, port) as restarted:
                restarted.url = instances[1].url
                wait_until_ready(restarted)
                gevent.joinall(streams, raise_error=True)
                ends = Counter(_end(client.stream) for client in asking)
                whole = "".join(f"t{n} " for n in range(tokens))
                assert {
                    client.stream.text for client in asking if _end(client.stream) == "done"
                } == {whole}
                assert set(ends) <= {"done", "interrupted", "shutting_down"}
                assert ends["done"] > 0
                until(lambda: _open(settings["DATABASE_URL"]) == (0, 0, 0), 30)
    booked = _booked(settings["DATABASE_URL"])
    told = sum(upstream.calls.values())
    quote(f"{clients} streams: {dict(ends)}; {sum(booked.values())} calls booked, {told} made")
    assert sum(booked.values()) >= told
    assert sum(booked.values()) - told <= booked["abandoned"]
    assert booked["ok"] >= ends["done"]


def _end(stream: Followed) -> str:
    name, data = stream.end
    return "done" if name == "done" else str(data["code"])


def _open(url: str) -> tuple[int, int, int]:
    """Calls that are open, runs that run, and money that is held."""
    database = connect(url)
    try:

        def work(tx: Any) -> tuple[int, int, int]:
            held: Sequence[int] = tx.execute(select(spending.c.held)).scalars().all()
            return (
                len(tx.execute(select(calls.c.id).where(calls.c.state == "open")).all()),
                len(tx.execute(select(runs.c.id).where(runs.c.state == "running")).all()),
                sum(held),
            )

        return database.read(work)
    finally:
        database.close()


def _booked(url: str) -> Counter[str]:
    database = connect(url)
    try:
        return Counter(database.read(lambda tx: tx.execute(select(calls.c.state)).scalars().all()))
    finally:
        database.close()
