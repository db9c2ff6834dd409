"""Signing in and out over HTTP, and what a page of another site cannot do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.blueprints import cookie
from app.errors import CsrfRefused
from app.services import Services
from app.services.throttle import _WRONG
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem, rows

_PATH = "/api/session"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    settings = {"port": 8000, "admin_key": ADMIN, "cors_origins": ("https://app.example",)}
    with application(tmp_path_factory.mktemp("session"), **settings) as made:
        yield made


def sign_in(client: FlaskClient, key: str = ADMIN, **headers: str) -> dict[str, Any]:
    """Who one is then; the client keeps the cookie, as a browser does."""
    answer = client.post(_PATH, json={"key": key}, headers=headers)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.get_json()
    return said


def csrf(signed_in: dict[str, Any]) -> dict[str, str]:
    return {"X-CSRF-Token": signed_in["csrf_token"]}


def cookie_of(answer: TestResponse) -> tuple[str, set[str]]:
    """Its name, and what is said of it."""
    first, *more = answer.headers["Set-Cookie"].split("; ")
    return first.partition("=")[0], set(more)


def test_a_key_is_sent_once(client: FlaskClient) -> None:
    """From then on the cookie will do, until one signs out; then it is worth nothing."""
    made = issued(client)
    signed_in = sign_in(client, made["key"])
    assert (signed_in["owner"], signed_in["key_id"]) == ("ada", made["id"])
    assert client.get(_PATH).get_json() == signed_in
    cookie = client.get_cookie("parley_session")
    assert cookie
    assert made["key"] not in cookie.value
    body = {"message": "Hello"}
    assert client.post("/api/chat", json=body, headers=csrf(signed_in)).status_code == 200
    assert client.delete(_PATH, headers=csrf(signed_in)).status_code == 204
    is_problem(client.get(_PATH), 401, "not_authenticated")
    client.set_cookie("parley_session", cookie.value)
    is_problem(client.get(_PATH), 401, "not_authenticated")


def test_no_script_reads_the_cookie(client: FlaskClient) -> None:
    """It is for this server alone, and no other site's page makes a browser send it."""
    answer = client.post(_PATH, json={"key": ADMIN})
    assert cookie_of(answer) == ("parley_session", {"HttpOnly", "Path=/", "SameSite=Strict"})


def test_over_tls(client: FlaskClient) -> None:
    """There the cookie is for TLS alone and for this host alone, and no other name is heard."""
    secure: dict[str, Any] = {"base_url": "https://chat.example"}
    answer = client.post(_PATH, json={"key": ADMIN}, **secure)
    name, said = cookie_of(answer)
    assert name == "__Host-parley_session"
    assert said == {"HttpOnly", "Path=/", "SameSite=Strict", "Secure"}
    assert client.get(_PATH, **secure).status_code == 200
    token = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    other = client.application.test_client()
    forged = {"Cookie": f"parley_session={token}"}
    assert other.get(_PATH, headers=forged, **secure).status_code == 401


def test_when_it_ends_is_told(client: FlaskClient) -> None:
    """Both ends are moments; who sends a key has neither, nor a token to send besides."""
    signed_in = sign_in(client)
    assert signed_in["idle_until"] < signed_in["expires_at"]
    said = client.application.test_client().get(_PATH, headers=bearer(ADMIN)).get_json()
    assert [said[name] for name in ("csrf_token", "idle_until", "expires_at")] == [None] * 3
    assert said["owner"] == "admin"


@pytest.mark.parametrize("sent", [None, "", "0" * 64, "ü"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/chat"),
        ("POST", "/api/chat/stream"),
        ("PATCH", "/api/conversations/x"),
        ("DELETE", "/api/conversations/x"),
        ("DELETE", _PATH),
        ("POST", "/api/admin/keys"),
        ("PUT", "/api/admin/teams/red"),
    ],
)
def test_the_cookie_alone_changes_nothing(
    client: FlaskClient, services: Services, method: str, path: str, sent: str | None
) -> None:
    """Without the session's own token, or with another, it is refused and says what is missing."""
    sign_in(client)
    before = rows(services)
    headers = {} if sent is None else {"X-CSRF-Token": sent}
    answer = client.open(path, method=method, json={"message": "x"}, headers=headers)
    assert "X-CSRF-Token" in is_problem(answer, 403, "csrf_refused")["detail"]
    assert rows(services) == before
    assert client.get(_PATH).status_code == 200


def test_anothers_token_is_none(client: FlaskClient) -> None:
    """The token of one session is of no use to another."""
    other = sign_in(client.application.test_client())
    sign_in(client)
    answer = client.post("/api/chat", json={"message": "x"}, headers=csrf(other))
    is_problem(answer, 403, "csrf_refused")


_FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost"},
    {"Origin": "https://evil.test"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "http://localhost.evil.test"},
]


@pytest.mark.parametrize("headers", _FOREIGN)
def test_other_sites_change_nothing(client: FlaskClient, headers: dict[str, str]) -> None:
    """A page of another origin is refused, though it had the token; nor can it sign one in."""
    signed_in = sign_in(client)
    answer = client.post("/api/chat", json={"message": "x"}, headers={**csrf(signed_in), **headers})
    is_problem(answer, 403, "csrf_refused")
    stranger = client.application.test_client()
    answer = stranger.post(_PATH, json={"key": ADMIN}, headers=headers)
    is_problem(answer, 403, "csrf_refused")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://app.example", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_our_pages_do(client: FlaskClient, headers: dict[str, str]) -> None:
    """A page of ours, or of an origin in CORS_ORIGINS, passes with the token."""
    signed_in = sign_in(client, **headers)
    sent = {**csrf(signed_in), **headers}
    assert client.post("/api/chat", json={"message": "x"}, headers=sent).status_code == 200


@pytest.mark.parametrize("headers", _FOREIGN)
def test_a_socket_is_for_our_pages(app: Flask, headers: dict[str, str]) -> None:
    """The opening of a WebSocket is a GET that browsers let every page do: not with our cookie."""
    upgrade = {"Upgrade": "WebSocket", "Connection": "Upgrade"}
    with (
        app.test_request_context(headers={**upgrade, **headers}),
        pytest.raises(CsrfRefused, match="another site"),
    ):
        cookie.refuse_forgery("A" * 43)
    with app.test_request_context(headers={**upgrade, "Origin": "http://localhost"}):
        cookie.refuse_forgery("A" * 43)


def test_a_key_needs_no_second_thing(client: FlaskClient) -> None:
    """Who sends a key is who the key is, whatever cookie there is, and from any site."""
    sign_in(client)
    key = issued(client)["key"]
    headers = {**bearer(key), "Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}
    assert client.get("/api/me", headers=headers).get_json()["owner"] == "ada"
    said = client.post("/api/chat", json={"message": "x"}, headers=headers)
    assert said.status_code == 200


def test_reading_needs_the_cookie_alone(client: FlaskClient) -> None:
    """What changes nothing is answered without the token."""
    sign_in(client)
    for path in ("/api/me", "/api/conversations", "/api/models", "/metrics"):
        assert client.get(path, buffered=True).status_code == 200, path


def test_a_new_sign_in_ends_the_old(client: FlaskClient) -> None:
    """The cookie that was there before is worth nothing after, so none can be foisted on one."""
    sign_in(client)
    old = client.get_cookie("parley_session")
    sign_in(client)
    new = client.get_cookie("parley_session")
    assert old
    assert new
    assert old.value != new.value
    client.set_cookie("parley_session", old.value)
    assert client.get(_PATH).status_code == 401


def test_sign_out_everywhere(client: FlaskClient) -> None:
    """It ends the sessions in every browser, of this key alone."""
    key = issued(client)["key"]
    browsers = [client.application.test_client() for _ in range(3)]
    signed_in = [sign_in(browser, key) for browser in browsers]
    sign_in(client)
    path = f"{_PATH}?everywhere=true"
    assert browsers[0].delete(path, headers=csrf(signed_in[0])).status_code == 204
    assert [browser.get(_PATH).status_code for browser in browsers] == [401] * 3
    assert client.get(_PATH).status_code == 200


def test_with_the_key_itself(client: FlaskClient) -> None:
    """Whoever has the key can end its sessions without having one."""
    key = issued(client)["key"]
    sign_in(client, key)
    stranger = client.application.test_client()
    assert stranger.delete(_PATH, headers=bearer(key)).status_code == 204
    assert client.get(_PATH).status_code == 200
    assert stranger.delete(f"{_PATH}?everywhere=true", headers=bearer(key)).status_code == 204
    assert client.get(_PATH).status_code == 401


def test_a_revoked_key_signs_out(client: FlaskClient, services: Services) -> None:
    """From the next request on."""
    made = issued(client)
    sign_in(client, made["key"])
    services.keys.revoke(made["id"])
    assert "was revoked" in is_problem(client.get(_PATH), 401, "not_authenticated")["detail"]


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": 7}, {"key": ADMIN, "x": 1}, [], None])
def test_what_is_no_key(client: FlaskClient, body: object) -> None:
    """A body without a key is the caller's error, and sets no cookie."""
    answer = client.post(_PATH, json=body)
    assert answer.status_code in (400, 415, 422)
    assert "Set-Cookie" not in answer.headers


def test_guesses_have_to_wait(tmp_path_factory: pytest.TempPathFactory) -> None:
    """At the door for pages wrong keys are counted with all others."""
    folder = tmp_path_factory.mktemp("guesses")
    with application(folder, port=8000, admin_key=ADMIN) as made:
        client = made.test_client()
        for number in range(_WRONG):
            answer = client.post(_PATH, json={"key": f"wrong-{number}"})
            is_problem(answer, 401, "not_authenticated")
        is_problem(client.post(_PATH, json={"key": ADMIN}), 429, "rate_limited")
        is_problem(client.get("/api/me", headers=bearer(ADMIN)), 429, "rate_limited")


def test_where_no_key_is_in_force(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nobody signs in, everybody is told who they are, and a cookie of elsewhere is passed over."""
    with application(tmp_path_factory.mktemp("open")) as made:
        client = made.test_client()
        is_problem(client.post(_PATH, json={"key": "any"}), 422, "invalid_request")
        client.set_cookie("parley_session", "A" * 43)
        said = client.get(_PATH).get_json()
        assert (said["owner"], said["csrf_token"]) == ("local", None)
        assert client.post("/api/chat", json={"message": "x"}).status_code == 200
        assert client.delete(_PATH).status_code == 204
