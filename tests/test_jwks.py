"""The keys of whoever signs tokens: fetched when they are needed, not when anybody likes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.pywsgi import WSGIServer

from app import jwks as module
from app.errors import Unavailable
from app.jwks import Jwks
from tests.providers.transport.authority import Authority


class Publisher:
    """An https server with a set of keys. `answer` is what it says; `asked` counts."""

    def __init__(self, authority: Authority) -> None:
        self.keys: list[dict[str, Any]] = [{"kid": "one", "kty": "RSA"}]
        self.status, self.body, self.asked = "200 OK", b"", 0
        self.wait = 0.0
        self._server = WSGIServer(
            ("127.0.0.1", 0), self._answer, log=None, ssl_context=authority.server()
        )

    def __enter__(self) -> Publisher:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    @property
    def url(self) -> str:
        return f"https://localhost:{self._server.server_port}/jwks"

    def _answer(self, _environ: Any, start: Any) -> list[bytes]:
        self.asked += 1
        gevent.sleep(self.wait)
        start(self.status, [("Content-Type", "application/json"), ("Location", self.url)])
        return [self.body or json.dumps({"keys": self.keys}).encode()]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.found(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def publisher(authority: Authority) -> Iterator[Publisher]:
    with gevent.Timeout(60), Publisher(authority) as made:
        yield made


@pytest.fixture
def jwks(publisher: Publisher, authority: Authority) -> Jwks:
    return Jwks(publisher.url, str(authority.file))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that have passed."""
    passed = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: 1_000_000 + passed[0])
    return passed


def test_keys_are_fetched_once(jwks: Jwks, publisher: Publisher) -> None:
    """However many ask at once and after, for the first time one fetch serves all."""
    publisher.wait = 0.05
    found = [gevent.spawn(jwks.find, "one") for _ in range(20)]
    assert [one.get() for one in found] == [{"kid": "one", "kty": "RSA"}] * 20
    jwks.find("one")
    assert publisher.asked == 1


def test_a_new_key_is_found(jwks: Jwks, publisher: Publisher, clock: list[float]) -> None:
    """When the signer has taken another key, the first token with it brings it here."""
    jwks.find("one")
    publisher.keys.append({"kid": "two", "kty": "EC"})
    clock[0] = 31
    assert jwks.find("two") == {"kid": "two", "kty": "EC"}
    assert publisher.asked == 2


def test_made_up_ids_cost_nothing(jwks: Jwks, publisher: Publisher, clock: list[float]) -> None:
    """A thousand tokens with keys that nobody knows are two fetches in a minute, at most."""
    for number in range(1_000):
        clock[0] = number * 0.06
        assert jwks.find(f"made-up-{number}") is None
    assert publisher.asked == 2


def test_they_are_fetched_again(jwks: Jwks, publisher: Publisher, clock: list[float]) -> None:
    """A key that the signer has taken away is not believed for longer than ten minutes."""
    jwks.find("one")
    publisher.keys = [{"kid": "two", "kty": "RSA"}]
    clock[0] = 599
    assert jwks.find("one")
    clock[0] = 601
    assert jwks.find("one") is None


def test_the_only_key_needs_no_id(jwks: Jwks, publisher: Publisher, clock: list[float]) -> None:
    """A token that names no key is signed with the one there is; of two, it is neither's."""
    assert jwks.find(None) == {"kid": "one", "kty": "RSA"}
    publisher.keys.append({"kid": "two", "kty": "RSA"})
    clock[0] = 601
    assert jwks.find(None) is None


def test_a_signer_that_is_away(jwks: Jwks, publisher: Publisher, clock: list[float]) -> None:
    """What is known holds for a day without it; after that nobody can tell, and it is said so."""
    jwks.find("one")
    publisher.status = "503 Service Unavailable"
    clock[0] = 80_000
    assert jwks.find("one")
    clock[0] = 86_401
    with pytest.raises(Unavailable, match="cannot be fetched"):
        jwks.find("one")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("302 Found", b""),
        ("404 Not Found", b""),
        ("200 OK", b"<html>"),
        ("200 OK", b"[]"),
        ("200 OK", b'{"keys": [1]}'),
        ("200 OK", b'{"keys": "x"}'),
        ("200 OK", b'{"keys": [' + b" " * 300_000 + b"]}"),
    ],
)
def test_what_is_no_set_of_keys(jwks: Jwks, publisher: Publisher, status: str, body: bytes) -> None:
    """A redirect, an error, or an answer of another form or size is as good as none."""
    publisher.status, publisher.body = status, body
    with pytest.raises(Unavailable):
        jwks.find("one")
    assert publisher.asked == 1


def test_a_slow_signer(jwks: Jwks, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for longer than the patience, and the next are told at once."""
    monkeypatch.setattr(module, "_PATIENCE", 0.2)
    publisher.wait = 30
    for seconds in (5, 0.15):
        with gevent.Timeout(seconds), pytest.raises(Unavailable):
            jwks.find("one")


def test_secrets_are_not_published(jwks: Jwks, publisher: Publisher) -> None:
    """What would sign as well as check, or is for encryption, is not used."""
    publisher.keys = [{"kid": "a", "kty": "oct"}, {"kid": "b", "kty": "RSA", "use": "enc"}]
    assert jwks.find("a") is None
    assert jwks.find("b") is None


def test_only_whom_we_trust(publisher: Publisher, tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for has no keys for us."""
    empty = Authority.found(tmp_path)
    with pytest.raises(Unavailable):
        Jwks(publisher.url, str(empty.file)).find("one")
    assert publisher.asked == 0
