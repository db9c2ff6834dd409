"""PostgreSQL as it is in the world: with TLS, restarted, frozen, cut off, crowded."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.errors import NotFound, Unavailable
from app.storage.database import Database, connect
from tests.server.process import free_port, require
from tests.storage import postgresql
from tests.storage.proxy import Proxy

# What a caller waits at most, and what a busy machine adds to it.
_WITHIN = 2.0 + 1.0


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    with postgresql.serving(free_port()) as made:
        yield made


@pytest.fixture
def database(server: postgresql.Server) -> Iterator[Database]:
    made = connect(server.url)
    yield made
    made.close()


def value(database: Database, query: str) -> Any:
    return database.read(lambda tx: tx.scalar(text(query)))


def refused(database: Database, ask: Callable[[], object]) -> float:
    """The seconds after which it said that the database is away, and when to come again."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        ask()
    assert caught.value.retry_after
    return time.monotonic() - began


def patiently(database: Database, query: str) -> Any:
    """What a busy machine has had no time for is asked again. What fails at once is not."""
    while True:
        began = time.monotonic()
        try:
            return value(database, query)
        except Unavailable:
            if time.monotonic() - began < 1.5:
                raise


def own_numbers(database: Database, count: int = 100) -> None:
    """Many at once get the answers to what they asked, and not to what others did."""
    jobs = [gevent.spawn(patiently, database, f"SELECT {number}") for number in range(count)]
    gevent.joinall(jobs, raise_error=True)
    assert [job.get() for job in jobs] == list(range(count))


def connections(server: postgresql.Server) -> int:
    other = connect(server.url + "application_name=other")
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'parley'"
    count = value(other, query)
    other.close()
    return int(count)


def test_heroku_calls_it_postgres(server: postgresql.Server) -> None:
    """`postgres://` is taken as well."""
    database = connect(server.url.replace("postgresql://", "postgres://"))
    assert value(database, "SELECT 1") == 1
    database.close()


def test_few_connections_for_many(server: postgresql.Server, database: Database) -> None:
    """Hundreds of greenlets share at most ten connections, and all get their turn."""
    work = "SELECT pg_sleep(0.01)"
    jobs = [gevent.spawn(value, database, work) for _ in range(300)]
    gevent.joinall(jobs, raise_error=True)
    assert 1 <= connections(server) <= 10


def test_too_many(database: Database) -> None:
    """While all connections are busy a caller waits two seconds at most."""
    long = [gevent.spawn(database.report, _sleep(3)) for _ in range(10)]
    gevent.sleep(0.2)
    assert refused(database, lambda: value(database, "SELECT 1")) < _WITHIN
    gevent.killall(long)
    own_numbers(database)


def _sleep(seconds: float) -> Callable[[Any], None]:
    return lambda tx: tx.execute(text(f"SELECT pg_sleep({seconds})")) and None


def test_quick_and_long(database: Database) -> None:
    """A turn's transaction is given up after two seconds, a report is not."""
    assert refused(database, lambda: database.write(_sleep(4))) < _WITHIN
    database.report(_sleep(2.5))


def test_a_greenlet_that_is_killed(database: Database) -> None:
    """The answer that it did not wait for is never given to anybody else."""
    for _ in range(12):
        job = gevent.spawn(value, database, "SELECT 'late' FROM pg_sleep(0.2)")
        gevent.sleep(0.05)
        job.kill()
    own_numbers(database)


class Stopped(BaseException):
    """As a run is stopped."""


def test_what_is_thrown_in_comes_out(database: Database) -> None:
    """A greenlet that waits for an answer can be stopped, and nothing else is made of it."""
    own_numbers(database)

    def work(tx: Any) -> None:
        tx.connection.cursor().execute("SELECT pg_sleep(1)")

    job = gevent.spawn(database.write, work)
    gevent.sleep(0.1)
    job.kill(Stopped)
    assert isinstance(job.exception, Stopped)
    own_numbers(database)


def test_work_that_raises_keeps_its_connection(server: postgresql.Server) -> None:
    """An error of ours costs no new connection, and is not taken for the database's."""
    database = connect(server.url)
    pid = value(database, "SELECT pg_backend_pid()")

    def absent(tx: Any) -> None:
        tx.execute(text("SELECT 1"))
        raise NotFound("run")

    with pytest.raises(NotFound):
        database.write(absent)
    assert value(database, "SELECT pg_backend_pid()") == pid
    database.close()


@pytest.mark.parametrize("how", ["immediate", "fast"])
def test_a_restart(server: postgresql.Server, database: Database, how: str) -> None:
    """While it is down callers hear so at once; the first after it finds everything in order."""
    own_numbers(database)
    server.stop(how)
    try:
        assert refused(database, lambda: value(database, "SELECT 1")) < 1.0
    finally:
        server.start()
    own_numbers(database)


def test_a_restart_that_nobody_saw(server: postgresql.Server, database: Database) -> None:
    """Connections that have ended while they were idle cost nobody an error."""
    jobs = [gevent.spawn(value, database, "SELECT pg_sleep(0.1)") for _ in range(5)]
    gevent.joinall(jobs, raise_error=True)
    server.stop("fast")
    server.start()
    own_numbers(database)


def test_frozen(server: postgresql.Server, database: Database) -> None:
    """A server that says nothing any more is given up in time, by all at once, and heals."""
    own_numbers(database)
    server.freeze()
    try:
        jobs = [
            gevent.spawn(refused, database, lambda: value(database, "SELECT 'old'"))
            for _ in range(30)
        ]
        gevent.joinall(jobs, raise_error=True)
    finally:
        server.thaw()
    assert max(job.get() for job in jobs) < _WITHIN
    own_numbers(database)


def test_frozen_in_the_middle(server: postgresql.Server, database: Database) -> None:
    """What had begun is given up as well, and taken back."""

    def work(tx: Any) -> None:
        tx.execute(text("CREATE TABLE half (n int)"))
        server.freeze()
        tx.execute(text("INSERT INTO half VALUES (1)"))

    try:
        assert refused(database, lambda: database.write(work)) < _WITHIN
    finally:
        server.thaw()
    own_numbers(database)
    assert value(database, "SELECT to_regclass('half')") is None


def test_a_cable_that_was_cut(server: postgresql.Server) -> None:
    """One caller in vain is enough: the idle connections to nowhere are not tried one by one."""
    with Proxy(server.url) as proxy:
        database = connect(proxy.url)
        jobs = [gevent.spawn(value, database, "SELECT pg_sleep(0.1)") for _ in range(5)]
        gevent.joinall(jobs, raise_error=True)
        proxy.silence()
        assert refused(database, lambda: value(database, "SELECT 1")) < _WITHIN
        own_numbers(database)
        database.close()


def test_what_the_server_is_told(server: postgresql.Server) -> None:
    """Queries and forgotten transactions have an end, dead peers are noticed, the URL decides."""
    database = connect(server.url + "keepalives_idle=7")
    assert value(database, "SHOW statement_timeout") == "25s"
    assert value(database, "SHOW idle_in_transaction_session_timeout") == "15s"

    def parameters(tx: Any) -> dict[str, str]:
        found: dict[str, str] = tx.connection.dbapi_connection.info.get_parameters()
        return found

    told = database.read(parameters)
    assert (told["keepalives_idle"], told["keepalives_count"]) == ("7", "3")
    database.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed one for localhost; its key stands beside it."""
    folder = tmp_path_factory.mktemp("tls")
    _certify(folder / "server.crt", "localhost")
    return folder / "server.crt"


def _certify(path: Path, name: str) -> None:
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    files = ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    more = ["-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(
        [require("openssl"), "req", *words, *files, *more], check=True, capture_output=True
    )


def test_tls(certificate: Path, tmp_path: Path) -> None:
    """The URL's `sslmode` and `sslrootcert` hold: encrypted, and only to whom it trusts."""
    with postgresql.serving(free_port()) as server:
        data = server.folder / "data"
        for suffix in (".crt", ".key"):
            shutil.copy(certificate.with_suffix(suffix), data)
            shutil.chown(data / f"server{suffix}", data.owner())
        (data / "server.key").chmod(0o600)
        server.stop("fast")
        server.options += " -c ssl=on"
        server.start()
        other = tmp_path / "other.crt"
        _certify(other, "localhost")
        encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert value_over(server, encrypted, sslmode="require") is True
        trusting = {"sslmode": "verify-full", "sslrootcert": str(certificate)}
        assert value_over(server, encrypted, **trusting) is True
        assert value_over(server, encrypted, sslmode="disable") is False
        with pytest.raises(Unavailable):
            value_over(server, encrypted, sslmode="verify-full", sslrootcert=str(other))


def value_over(server: postgresql.Server, query: str, **said: str) -> Any:
    url = make_url(server.url).set(host="localhost").update_query_dict(said)
    database = connect(url.render_as_string())
    try:
        return patiently(database, query)
    finally:
        database.close()
