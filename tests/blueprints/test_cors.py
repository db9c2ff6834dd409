"""Pages of other sites: who may read what, on every route and whatever it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from tests.blueprints.issuing import ADMIN, bearer
from tests.blueprints.shared import application
from tests.blueprints.talk import addresses, is_problem
from tests.properties import examples

_OURS, _ALSO, _APP = "https://app.example", "http://localhost:3000", "capacitor://localhost"
_STRANGERS = [
    "https://evil.example",
    "https://app.example.evil.test",
    "https://app.example:8443",
    "http://app.example",
    "https://APP.example",
    "https://app.example/",
    "https://app.example, https://evil.example",
    "null",
    "*",
    "",
]
_GRANTS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("exact")
    origins = (_OURS, _ALSO, _APP)
    with application(folder, port=8000, admin_key=ADMIN, cors_origins=origins) as made:
        yield made


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("every")
    with application(folder, port=8000, admin_key=ADMIN, cors_origins=("*",)) as made:
        yield made.test_client()


def preflight(
    client: FlaskClient, path: str = "/api/chat", origin: str = _OURS, **asked: str
) -> TestResponse:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", **asked}
    return client.options(path, headers=headers, buffered=True)


def granted(headers: Headers) -> list[str]:
    return [name for name in headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118


def test_every_answer_can_be_read(app: Flask, client: FlaskClient) -> None:
    """Every route and method, with a key and without, right and wrong, says who may read it."""
    tried = [(method, path) for _, method, path in addresses(app)]
    for method, path in [*tried, ("GET", "/nope"), ("PUT", "/api/chat"), ("POST", "/v1/nope")]:
        for key in ({}, bearer(ADMIN)):
            headers = {"Origin": _OURS, **key}
            answer = client.open(path, method=method, json={}, headers=headers, buffered=True)
            said = answer.headers
            assert said["Access-Control-Allow-Origin"] == _OURS, (method, path)
            assert said["Access-Control-Allow-Credentials"] == "true", (method, path)
            assert "Origin" in answer.vary, (method, path)
            assert "X-Request-ID" in said["Access-Control-Expose-Headers"], (method, path)


def test_every_route_answers_before_it_is_asked(app: Flask, client: FlaskClient) -> None:
    """A preflight needs no key, whatever it is for, and names what may be sent."""
    for path in {path for _, _, path in addresses(app)} | {"/nope"}:
        answer = preflight(client, path)
        assert (answer.status_code, answer.data) == (204, b""), path
        assert answer.headers["Access-Control-Allow-Origin"] == _OURS
        allowed = answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert allowed == ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        assert int(answer.headers["Access-Control-Max-Age"]) > 0
        assert "Origin" in answer.vary


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "content-type",
        "idempotency-key",
        "last-event-id",
        "x-csrf-token",
        "x-user-id",
        "traceparent",
        "x-api-key",
        "anthropic-version",
        "x-stainless-os",
    ],
)
def test_a_header_that_may_be_sent(client: FlaskClient, name: str) -> None:
    """Whatever the API reads, and what the vendors' clients add, passes the preflight."""
    asked = {"Access-Control-Request-Headers": f"content-type,{name}"}
    allowed = preflight(client, **asked).headers["Access-Control-Allow-Headers"]
    assert name in allowed.lower().split(", ")


def test_no_other_header_may(client: FlaskClient) -> None:
    """What nobody needs is not allowed because it was asked for, nor does it forge a header."""
    asked = {"Access-Control-Request-Headers": "x-evil, x-stainless-<b>, x-stainless-:x"}
    allowed = preflight(client, **asked).headers["Access-Control-Allow-Headers"]
    assert not {"x-evil", "x-stainless-<b>", "x-stainless-:x"} & set(allowed.split(", "))


@pytest.mark.parametrize("origin", [_OURS, _ALSO, _APP])
def test_each_origin_is_told_its_own_name(client: FlaskClient, origin: str) -> None:
    """Of several origins the one that asks is named, and never another."""
    answer = client.get("/healthz", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", _STRANGERS)
def test_another_origin_reads_nothing(client: FlaskClient, origin: str) -> None:
    """Names that only resemble a known one get no permission, and their preflight a refusal."""
    for headers in ({}, bearer(ADMIN)):
        answer = client.get("/api/me", headers={"Origin": origin, **headers})
        assert granted(answer.headers) == []
        assert "Origin" in answer.vary
    refused = preflight(client, origin=origin)
    assert is_problem(refused, 403, "not_allowed")["retryable"] is False
    assert granted(refused.headers) == []


def test_a_private_network_is_not_opened(client: FlaskClient) -> None:
    """A public page that asks for the way into a private network does not get it."""
    refused = preflight(client, **{"Access-Control-Request-Private-Network": "true"})
    is_problem(refused, 403, "not_allowed")
    assert "Access-Control-Allow-Private-Network" not in refused.headers


def test_no_origin_no_permission(client: FlaskClient) -> None:
    """Who is no page gets none, but a cache between learns that pages would."""
    answer = client.get("/healthz")
    assert granted(answer.headers) == []
    assert "Origin" in answer.vary


def test_options_alone_is_no_preflight(client: FlaskClient) -> None:
    """Without a method to be asked for it is a request like others, and needs the key."""
    answer = client.options("/api/chat", headers={"Origin": _OURS}, buffered=True)
    assert answer.status_code == 401


def test_a_stream_says_it_before_its_first_byte(client: FlaskClient) -> None:
    """An event stream carries the permission and its own headers together."""
    headers = {"Origin": _OURS, **bearer(ADMIN)}
    answer = client.post("/api/chat/stream", json={"message": "Hi"}, headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == _OURS
    assert answer.content_type.startswith("text/event-stream")
    assert "X-Run-ID" in answer.headers["Access-Control-Expose-Headers"].split(", ")
    answer.close()


def test_everybody_but_without_credentials(every: FlaskClient) -> None:
    """`*` names nobody and takes no cookies, on answers and preflights alike."""
    for answer in (every.get("/healthz", headers={"Origin": "https://any.test"}),
                   preflight(every, origin="https://any.test")):  # fmt: skip
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_everybody_is_not_nobody(every: FlaskClient) -> None:
    """`null`, the origin of sandboxed frames and local files, is not meant by `*`."""
    assert granted(every.get("/healthz", headers={"Origin": "null"}).headers) == []
    is_problem(preflight(every, origin="null"), 403, "not_allowed")


@examples(100)
@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=30)
    | st.sampled_from([_OURS, _ALSO, _APP])
)
def test_only_whole_names_count(client: FlaskClient, origin: str) -> None:
    """Whatever stands in Origin: a permission is given to the listed names and to nothing else."""
    said = client.get("/healthz", headers={"Origin": origin}).headers
    allowed = said.get("Access-Control-Allow-Origin")
    assert allowed == (origin if origin in (_OURS, _ALSO, _APP) else None)


class TestOpen:
    """Without a key, on this machine alone."""

    @pytest.fixture
    def app(self, tmp_path: Any) -> Iterator[Flask]:
        with application(tmp_path, cors_origins=(_OURS,)) as made:
            yield made

    def test_a_listed_page_may_post(self, client: FlaskClient) -> None:
        """Who runs the server has named the page, so it is no stranger."""
        body = {"message": "Hi"}
        for origin, status in ((_OURS, 200), ("https://evil.example", 403)):
            answer = client.post("/api/chat", json=body, headers={"Origin": origin}, buffered=True)
            assert answer.status_code == status

    def test_under_another_name_nobody_may(self, client: FlaskClient) -> None:
        """A listed page that has pointed its name at this machine is still refused."""
        headers = {"Origin": _OURS, "Host": "app.example"}
        answer = client.post("/api/chat", json={"message": "Hi"}, headers=headers, buffered=True)
        is_problem(answer, 403, "not_allowed")


def test_unset_it_says_nothing(tmp_path: Any) -> None:
    """Where no origin is configured no header speaks of origins."""
    with application(tmp_path) as made:
        answer = made.test_client().get("/healthz", headers={"Origin": _OURS})
    assert not [name for name in answer.headers.keys() if name in _GRANTS]  # noqa: SIM118
    assert "Origin" not in answer.vary
