"""Headers: any that a caller sends, and those that every answer has."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.blueprints.talk import addresses, chat, is_problem
from tests.properties import examples

_HEADERS = [
    "Authorization",
    "Accept",
    "Origin",
    "Last-Event-ID",
    "Idempotency-Key",
    "X-Request-ID",
    "Content-Type",
    "Cookie",
    "Range",
    "If-Match",
    "If-None-Match",
    "X-Forwarded-For",
]
_ODD = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20
) | st.sampled_from(
    ["http://[", "http://[::1", "9" * 5_000, "-1", "Bearer", "Bearer ", "Basic eA==", "null", "²"]
)


@examples(60)
@given(st.dictionaries(st.sampled_from(_HEADERS), _ODD, max_size=4))
def test_no_header_breaks_it(
    client: FlaskClient, said: dict[str, Any], headers: dict[str, str]
) -> None:
    """Whatever the headers hold, the answer is an answer or a problem of the caller's."""
    events = f"/api/runs/{said['run_id']}/events"
    for method, path in (("GET", events), ("POST", "/api/chat"), ("GET", "/api/me")):
        answer = client.open(path, method=method, data=b"{}", headers=headers, buffered=True)
        assert answer.status_code < 500, (path, headers)
        assert answer.headers["X-Request-ID"]


@pytest.fixture
def said(client: FlaskClient) -> dict[str, Any]:
    return chat(client)


@pytest.mark.parametrize(
    "host", ["[", "[::1", "localhost:x", "", "a b", "@", "localhost@evil.test"]
)
def test_no_host_breaks_it(client: FlaskClient, host: str) -> None:
    """A host that is none is the caller's error."""
    answer = client.get("/api/me", headers={"Host": host}, buffered=True)
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("sent", ["abc", "A-1_2.3", "x" * 64])
def test_a_request_id_is_kept(client: FlaskClient, sent: str) -> None:
    """A caller's own request id comes back, in the header and in a problem."""
    answer = client.get("/nope", headers={"X-Request-ID": sent}, buffered=True)
    assert is_problem(answer, 404, "no_such_route")["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "ü", '"', "a\tb", "<script>"])
def test_a_request_id_that_is_none_is_replaced(client: FlaskClient, sent: str) -> None:
    """What could forge a line of the log is not taken over."""
    answer = client.get("/nope", headers={"X-Request-ID": sent}, buffered=True)
    assert is_problem(answer, 404, "no_such_route")["request_id"].startswith("req_")


def test_security_headers_are_on_every_answer(app: Flask, client: FlaskClient) -> None:
    """Every route, whatever it answers, says what a browser may do with it."""
    answers: list[tuple[str, str, dict[str, str]]] = [(m, p, {}) for _, m, p in addresses(app)]
    answers += [("GET", "/nope", {}), ("PUT", "/api/chat", {}), ("GET", "/", {"Host": "evil.test"})]
    for method, path, headers in answers:
        answer = client.open(path, method=method, json={}, headers=headers, buffered=True)
        said = answer.headers
        assert said["X-Content-Type-Options"] == "nosniff", path
        assert said["Referrer-Policy"] == "no-referrer", path
        assert said["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert said["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert "camera=()" in said["Permissions-Policy"], path
        assert "default-src 'none'" in said["Content-Security-Policy"], path
        assert "frame-ancestors 'none'" in said["Content-Security-Policy"], path
        assert "unsafe" not in said["Content-Security-Policy"], path
        assert said["X-Request-ID"], path
        assert said["Cache-Control"], path
        if path.startswith("/api") and not answer.is_streamed:
            assert "no-store" in said["Cache-Control"], path
