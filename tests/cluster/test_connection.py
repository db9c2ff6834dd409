"""Redis down, frozen, full, left behind in a failover, or behind TLS: nobody waits for it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest
import redis

from app.cluster.connection import Connection, RedisAway
from tests.cluster.redis_server import RedisServer, running
from tests.server.process import free_port, require


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(tmp_path) as found:
        yield found


@pytest.fixture
def connection(server: RedisServer) -> Iterator[Connection]:
    made = Connection(server.url, "test")
    yield made
    made.close()


def ask(connection: Connection) -> tuple[bool, float]:
    """Whether it could be written to, and how long that took to find out."""
    began = time.monotonic()
    try:
        connection.run(lambda client: client.set("test:x", "1", px=60_000))
    except RedisAway:
        return False, time.monotonic() - began
    return True, time.monotonic() - began


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.01)


def test_it_is_frozen(server: RedisServer, connection: Connection) -> None:
    """A hundred who ask at once wait less than a second, the next not at all; then it heals."""
    assert ask(connection)[0]
    server.freeze()
    try:
        asking = [gevent.spawn(ask, connection) for _ in range(100)]
        gevent.joinall(asking, raise_error=True)
        assert not any(job.value[0] for job in asking if job.value)
        assert max(job.value[1] for job in asking if job.value) < 1
        assert ask(connection)[1] < 0.05
    finally:
        server.thaw()
    until(lambda: connection.up)
    assert ask(connection)[0]


def test_it_is_restarted(server: RedisServer, connection: Connection) -> None:
    """What is down fails at once, and is used again when it is back, without a restart of ours."""
    assert ask(connection)[0]
    server.stop()
    assert not ask(connection)[0]
    assert not connection.up
    server.start()
    until(lambda: connection.up)
    assert ask(connection)[0]


def test_a_restart_between_two_questions(server: RedisServer, connection: Connection) -> None:
    """Connections that died while nobody asked are no reason to take it for away."""
    assert ask(connection)[0]
    server.stop()
    server.start()
    assert ask(connection)[0]


def test_its_memory_is_full(server: RedisServer, connection: Connection) -> None:
    """A Redis that takes nothing more is as good as away, until it does again."""
    with server.client() as client:
        client.config_set("maxmemory", "1")
        assert not ask(connection)[0]
        client.config_set("maxmemory", "0")
    until(lambda: connection.up)
    assert ask(connection)[0]


def test_it_was_left_behind(server: RedisServer, connection: Connection) -> None:
    """A master that has become a replica in a failover takes no writes, and is not used."""
    with server.client() as client:
        client.replicaof("127.0.0.1", str(free_port()))
        assert not ask(connection)[0]
        gevent.sleep(1)
        assert not connection.up
        client.replicaof("NO", "ONE")
    until(lambda: connection.up)
    assert ask(connection)[0]


def test_a_fault_of_ours_is_told(connection: Connection) -> None:
    """What Redis refuses because the command is wrong is not taken for an outage."""
    connection.run(lambda client: client.set("test:x", "text", px=60_000))
    with pytest.raises(redis.ResponseError):
        connection.run(lambda client: client.incr("test:x"))
    assert connection.up


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key beside it."""
    words = (
        f"{require('openssl')} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {tmp_path}/key.pem -out {tmp_path}/cert.pem"
    )
    subprocess.run(words.split(), check=True, capture_output=True)
    return tmp_path / "cert.pem"


def test_tls(tmp_path: Path, certificate: Path) -> None:
    """A certificate that nobody vouches for is refused, unless it is named, or taken knowingly."""
    port = free_port()
    key = certificate.with_name("key.pem")
    folder = tmp_path / "tls"
    folder.mkdir()
    options = ["--tls-port", str(port), "--tls-auth-clients", "no"]
    options += ["--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    with running(folder, *options):
        url = f"rediss://127.0.0.1:{port}/0"
        outcomes = []
        for made in (
            Connection(url, "test"),
            Connection(url, "test", certificates=str(certificate)),
            Connection(url, "test", verify=False),
        ):
            outcomes.append(ask(made)[0])
            made.close()
        assert outcomes == [False, True, True]


def test_a_unix_socket(tmp_path: Path) -> None:
    """A Redis on the same machine may be reached by a file."""
    path = tmp_path / "redis.sock"
    with running(tmp_path, "--unixsocket", str(path)):
        made = Connection(f"unix://{path}", "test")
        assert ask(made)[0]
        made.close()
