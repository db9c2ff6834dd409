"""From the ledger to the one alert."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import gevent
import msgspec
import pytest
from gevent.pywsgi import WSGIServer
from sqlalchemy import text

from app.cluster.claims import Claims
from app.cluster.connection import Connection
from app.ids import now
from app.metering.money import units
from app.metrics import Metrics
from app.services.anomalies import Anomalies
from app.services.unusual import DAYS, Threshold
from app.storage import hours
from app.storage.calls import StoredCall
from app.storage.database import Database, connect
from app.storage.hours import HOUR, Hour
from app.webhooks import Webhook
from tests.cluster.redis_server import running
from tests.metrics.figures import figures
from tests.storage.booked import book, call
from tests.storage.databases import fresh

_THRESHOLD = Threshold(3.0, Decimal(1), 50)
_START = 1_800_000_000_000 // HOUR * HOUR
_DAY = 24 * HOUR
_NOW = _START + HOUR // 2


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = connect(fresh(tmp_path))
    yield made
    made.close()


@pytest.fixture
def news() -> Iterator[Any]:
    """What a webhook's receiver was told, and its address."""
    took: list[dict[str, Any]] = []

    def receive(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        took.append(msgspec.json.decode(environ["wsgi.input"].read()))
        start_response("200 OK", [])
        return [b""]

    server = WSGIServer(("127.0.0.1", 0), receive, log=None)
    server.start()
    yield took, f"http://127.0.0.1:{server.server_port}"
    server.stop()


def hour(start: int, count: int = 10, usd: str = "1", **fields: Any) -> list[StoredCall]:
    """Calls, spread over an hour."""
    step = HOUR // count
    cost = units(Decimal(usd))
    return [call(created_at=start + at * step, cost=cost, **fields) for at in range(count)]


def week(usd: str = "0.1", **fields: Any) -> list[StoredCall]:
    """The same hour of the seven days before."""
    return [
        row for day in range(1, DAYS + 1) for row in hour(_START - day * _DAY, usd=usd, **fields)
    ]


def looking(
    database: Database,
    metrics: Metrics | None = None,
    url: str | None = None,
    claims: Claims | None = None,
    every: float = 300.0,
) -> Anomalies:
    news = Webhook(url, None)
    return Anomalies(database, metrics or Metrics(), news, _THRESHOLD, claims, every)


def test_a_step_is_told_once(database: Database, news: Any) -> None:
    """By metric and webhook, with a sentence; and whoever looks again is silent."""
    book(database, [*week(), *hour(_START, usd="0.5")])
    took, url = news
    metrics = Metrics()
    for anomalies in (looking(database, metrics, url), looking(database, metrics, url)):
        for moment in (_NOW, _NOW + 60_000):
            anomalies.look(moment)
    with gevent.Timeout(5):
        while not took:
            gevent.sleep(0.01)
    (told,) = took
    assert (told["event"], told["kind"], told["hour"]) == (
        "anomaly",
        "spend",
        "2027-01-15T08:00:00+00:00",
    )
    assert told["observed"] == 5
    assert told["usual"] == 1
    assert "5.0 times the 1.00 that are usual" in told["sentence"]
    assert figures(metrics.render().decode())["parley_anomalies_total", "spend"] == 1


def test_the_next_hour_is_told_of_again(database: Database) -> None:
    """One an hour, as long as it lasts."""
    book(database, [*week(), *hour(_START, usd="0.5"), *hour(_START + HOUR, usd="0.5")])
    anomalies = looking(database)
    assert [a.hour for a in anomalies.look(_NOW)] == [_START]
    (second,) = anomalies.look(_NOW + HOUR)
    assert (second.kind, second.hour, second.usual) == ("spend", _START + HOUR, 0)


def test_what_came_late_is_seen(database: Database) -> None:
    """An hour is looked at once more when it is over and its calls have ended."""
    book(database, [*week(), *hour(_START, usd="0.5")])
    anomalies = looking(database)
    assert anomalies.look(_START + HOUR + 60_000) == []
    assert [a.hour for a in anomalies.look(_START + HOUR + HOUR // 3)] == [_START]


def test_failed_calls_are_told(database: Database) -> None:
    """With the share of them, and of what is open nothing is known yet."""
    failing = hour(_START, count=60, usd="0", state="failed", code="provider_overloaded")
    open_calls = hour(_START, count=60, usd="0", state="open")
    book(database, [*week(), *failing, *open_calls])
    (anomaly,) = looking(database).look(_NOW)
    assert (anomaly.kind, anomaly.observed) == ("errors", 1.0)
    assert "60 of 60 calls to models failed (100%), where 0% is usual" in anomaly.sentence


def test_a_young_installation_is_left_alone(database: Database) -> None:
    """Days before its first call are no days without calls."""
    book(database, [*hour(_START - _DAY, usd="0.1"), *hour(_START, usd="100")])
    assert looking(database).look(_NOW) == []


def test_nothing_at_all_is_no_trouble(database: Database) -> None:
    """An empty ledger is looked at, and that is all."""
    assert looking(database).look(_NOW) == []


def test_past_hours_are_summed_once(database: Database) -> None:
    """What they came to is remembered: the ledger is not read for it again."""
    book(database, [*week(), *hour(_START, usd="0.1")])
    anomalies = looking(database)
    anomalies.look(_NOW)
    starts = [_START - day * _DAY for day in range(1, DAYS + 1)]
    known = database.read(lambda tx: hours.remembered(tx, starts))
    assert known == dict.fromkeys(starts, Hour(10, 0, units(Decimal(1))))
    # One that is kept is what counts, whatever has become of the ledger.
    book(database, [*hour(_START - 8 * _DAY), *hour(_START, usd="0.5")])
    assert [a.usual for a in anomalies.look(_NOW)] == [1.0]


def test_the_sums_use_the_index(database: Database) -> None:
    """An hour is found without a walk through the whole ledger."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the size of a table, and this one is empty.")
    plan = database.read(
        lambda tx: tx.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT count(*), sum(cost) FROM calls "
                "WHERE created_at >= 1 AND created_at < 2 AND state != 'open'"
            )
        ).fetchall()
    )
    assert "ix_calls_created_at" in str(plan)


def forget(database: Database) -> None:
    database.write(lambda tx: tx.execute(text("DELETE FROM hours")) and None)


def known(database: Database) -> int:
    """How many hours are remembered, which is how one sees that somebody has looked."""
    count = database.read(lambda tx: tx.scalar(text("SELECT count(*) FROM hours")))
    assert isinstance(count, int)
    return count


@pytest.fixture
def lately(database: Database) -> None:
    """A ledger whose past days are those before now."""
    start = now() // HOUR * HOUR
    book(database, [row for day in range(1, DAYS + 1) for row in hour(start - day * _DAY)])


@pytest.mark.usefixtures("lately")
def test_one_worker_looks_for_all(database: Database, tmp_path: Path) -> None:
    """With Redis the others leave it to whoever has looked just now."""
    with running(tmp_path) as redis:
        connections = [Connection(redis.url), Connection(redis.url)]
        one, other = (looking(database, claims=Claims(c)) for c in connections)
        one._look_alone()
        assert known(database) >= DAYS
        forget(database)
        for each in (other, one):
            each._look_alone()
        assert known(database) == 0
        for anomalies, connection in zip((one, other), connections, strict=True):
            anomalies.close()
            connection.close()


@pytest.mark.usefixtures("lately")
def test_it_looks_by_itself(database: Database) -> None:
    """From its start on, again and again."""
    anomalies = looking(database, every=0.02)
    anomalies.start()
    with gevent.Timeout(20):
        for _ in range(2):
            while known(database) < DAYS:
                gevent.sleep(0.01)
            forget(database)
    anomalies.close()
