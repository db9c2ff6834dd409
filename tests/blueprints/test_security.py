"""TLS where it is demanded, and the headers that come with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Config
from tests.blueprints.issuing import ADMIN, bearer
from tests.blueprints.shared import application
from tests.blueprints.talk import addresses, is_problem

_PRODUCTION: dict[str, Any] = {"port": 8000, "admin_key": ADMIN, "app_env": "production"}
_PLAIN, _TLS = {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}
_HOST = "http://chat.example"
_HSTS = "Strict-Transport-Security"
_WITHIN = {"/healthz", "/readyz", "/metrics"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("security")
    with application(folder, **_PRODUCTION, trusted_proxies=1) as made:
        yield made


def test_nothing_is_answered_without_tls(app: Flask, client: FlaskClient) -> None:
    """Every route sends a browser to https and refuses the rest, before it asks who it is."""
    for rule, method, path in addresses(app):
        if rule in _WITHIN:
            continue
        answer = client.open(path, method=method, json={}, headers=_PLAIN, base_url=_HOST)
        if method in ("GET", "HEAD"):
            assert answer.status_code == 308, rule
            assert answer.headers["Location"] == f"https://chat.example{path}"
        else:
            assert answer.status_code == 403, rule
            assert "This server is reached by https alone." in answer.text


def test_a_key_is_not_sent_on(client: FlaskClient) -> None:
    """Who sent a key in the clear is told, and not helped to go on doing so."""
    headers = {**_PLAIN, **bearer(ADMIN)}
    answer = client.get("/api/me", headers=headers, base_url=_HOST)
    assert "have it replaced" in is_problem(answer, 403, "not_allowed")["detail"]


@pytest.mark.parametrize("path", sorted(_WITHIN))
def test_who_stands_beside_us_needs_none(client: FlaskClient, path: str) -> None:
    """Probes and Prometheus come without a proxy, and so without TLS."""
    answer = client.get(path, headers=bearer(ADMIN), base_url=_HOST)
    assert answer.status_code == 200


def test_the_query_is_kept(client: FlaskClient) -> None:
    """What stands behind the address goes with it, and the port does not: it is another's."""
    answer = client.get("/docs?a=b%20c", headers=_PLAIN, base_url="http://chat.example:8080")
    assert answer.headers["Location"] == "https://chat.example/docs?a=b%20c"


def test_with_tls(client: FlaskClient) -> None:
    """It is answered, and the browser is told to come by https for a year."""
    answer = client.get("/api/me", headers={**_TLS, **bearer(ADMIN)}, base_url=_HOST)
    assert answer.status_code == 200
    assert answer.headers[_HSTS] == "max-age=31536000"
    refused = client.get("/nope", headers=_TLS, base_url=_HOST)
    assert (refused.status_code, _HSTS in refused.headers) == (404, True)
    assert _HSTS not in client.get("/healthz", headers=_PLAIN, base_url=_HOST).headers


def test_on_the_machine_itself(client: FlaskClient) -> None:
    """Who tries it out on this machine needs no certificate, and can sign in."""
    for host in ("http://localhost", "http://127.0.0.1:8080", "http://[::1]:8080"):
        answer = client.post("/api/session", json={"key": ADMIN}, headers=_PLAIN, base_url=host)
        assert answer.status_code == 200
        assert answer.headers["Set-Cookie"].startswith("parley_session=")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (["https"], 200),
        (["HTTPS "], 200),
        (["http, https"], 200),  # what the caller wrote, and what our proxy added
        (["http", "https"], 200),
        (["https, http"], 308),
        (["https", "http"], 308),
        ([""], 308),
        (["wss"], 308),
        ([], 308),
    ],
)
def test_our_own_proxy_is_believed(client: FlaskClient, said: list[str], status: int) -> None:
    """The last word is our proxy's; what stands before it anybody can have written."""
    headers = [("X-Forwarded-Proto", word) for word in said]
    answer = client.get("/docs", headers=headers, base_url=_HOST, buffered=True)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("said", "status"),
    [("https", 200), ("https, http", 200), ("http, https, http", 200), ("http", 308)],
)
def test_two_proxies(tmp_path_factory: pytest.TempPathFactory, said: str, status: int) -> None:
    """With two of our own the outer one's word counts, or the only one there is."""
    folder = tmp_path_factory.mktemp("two")
    with application(folder, **_PRODUCTION, trusted_proxies=2) as made:
        headers = {"X-Forwarded-Proto": said}
        answer = made.test_client().get("/docs", headers=headers, base_url=_HOST, buffered=True)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("settings", "demanded"),
    [
        ({}, False),
        ({"app_env": "production"}, False),  # nobody could tell
        ({"app_env": "production", "trusted_proxies": 1}, True),
        ({"app_env": "staging", "trusted_proxies": 1}, False),
        ({"app_env": "production", "trusted_proxies": 1, "https_only": False}, False),
        ({"https_only": True}, True),
    ],
)
def test_where_it_is_demanded(settings: dict[str, Any], demanded: bool) -> None:
    """In production behind proxies of our own, unless HTTPS_ONLY says otherwise."""
    assert Config(**settings).https_demanded is demanded


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"app_env": "production"}, True),
        ({"app_env": "production", "hsts_seconds": 0}, False),
        ({"app_env": "staging"}, False),
    ],
)
def test_where_browsers_are_told(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, Any], told: bool
) -> None:
    """Only in production, also where there is no proxy that would tell us; and not for ever."""
    with application(tmp_path_factory.mktemp("hsts"), **settings) as made:
        assert (_HSTS in made.test_client().get("/docs").headers) is told


def test_a_cookie_without_tls(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In production it is for TLS alone, even where nobody can tell what there is."""
    with application(tmp_path_factory.mktemp("plain"), **_PRODUCTION) as made:
        answer = made.test_client().post("/api/session", json={"key": ADMIN}, base_url=_HOST)
        assert answer.headers["Set-Cookie"].startswith("__Host-parley_session=")
        assert "; Secure" in answer.headers["Set-Cookie"]
