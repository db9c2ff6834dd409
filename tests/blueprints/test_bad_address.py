"""Wrong addresses, methods and queries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from werkzeug.test import TestResponse

from tests.blueprints.shared import application
from tests.blueprints.talk import chat, is_problem
from tests.properties import examples, texts

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("shared")) as made:
        yield made


def allowed(app: Flask) -> dict[str, set[str]]:
    """The methods of every route, with a made-up value for each variable of its path."""
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", "x").replace(f"<path:{name}>", "x")
        found.setdefault(path, set()).update(rule.methods or ())
    return found


def problem_of(answer: TestResponse) -> str:
    return str(is_problem(answer, 405, "method_not_allowed")["detail"])


def told(answer: TestResponse) -> str:
    """What OpenAI's and Anthropic's clients read."""
    return str(answer.get_json()["error"]["message"])


def test_a_wrong_method_is_405(app: Flask, client: FlaskClient) -> None:
    """On every route every other method is 405 and told in `Allow` what is right."""
    tried = 0
    for path, methods in allowed(app).items():
        for method in _METHODS - methods:
            answer = client.open(path, method=method, json={}, buffered=True)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == methods
            if method != "HEAD":
                detail = told(answer) if path.startswith("/v1/") else problem_of(answer)
                assert all(name in detail for name in methods - {"HEAD", "OPTIONS"})
            tried += 1
    assert tried > 50


@pytest.mark.parametrize(
    "path", ["/nope", "/api", "/api/nope", "/api/chat/", "/static/none", "/\0", "/😀"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address(client: FlaskClient, path: str, method: str) -> None:
    """What is not there is 404, for every method, as a problem like any other."""
    if method == "GET" or not path.startswith("/static"):
        answer = client.open(path, method=method, buffered=True)
        is_problem(answer, 404, "no_such_route")


@pytest.mark.parametrize(
    "wanted", ["conv_none", "%00", "%ff", "%F0%9F%98%80", "x" * 5_000, "'--", "%25"]
)
@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/api/conversations/{}", "conversation"),
        ("PATCH", "/api/conversations/{}", "conversation"),
        ("DELETE", "/api/conversations/{}", "conversation"),
        ("GET", "/api/conversations/{}/messages", "conversation"),
        ("GET", "/api/conversations/{}/export", "conversation"),
        ("POST", "/api/conversations/{}/regenerate", "conversation"),
        ("POST", "/api/conversations/{}/regenerate/stream", "conversation"),
        ("GET", "/api/runs/{}", "run"),
        ("GET", "/api/runs/{}/events", "run"),
        ("POST", "/api/runs/{}/stop", "run"),
    ],
)
def test_an_unknown_id(client: FlaskClient, method: str, path: str, kind: str, wanted: str) -> None:
    """Any id that is not there is 404, and the sentence says of what."""
    body = {"title": "x"} if method == "PATCH" else {}
    json = body if method in ("PATCH", "POST") else None
    answer = client.open(path.format(wanted), method=method, json=json, buffered=True)
    assert kind in is_problem(answer, 404, "not_found")["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/conversations?cursor=x", "cursor"),
        ("/api/conversations?cursor=MTIz", "cursor"),
        ("/api/conversations?cursor=%00", "cursor"),
        ("/api/conversations?cursor=" + "x" * 201, "cursor"),
        ("/api/conversations?limit=0", "limit"),
        ("/api/conversations?limit=101", "limit"),
        ("/api/conversations?limit=x", "limit"),
        ("/api/conversations?limit=" + "9" * 5_000, "limit"),
        ("/api/conversations?q=" + "x" * 201, "q"),
        ("/api/conversations?surprise=1", "surprise"),
        ("/api/conversations/{conversation_id}/export?format=pdf", "format"),
        ("/api/conversations/{conversation_id}/export?surprise=1", "surprise"),
        ("/api/runs/{run_id}/events?after=-1", "after"),
        ("/api/runs/{run_id}/events?after=x", "after"),
        ("/api/runs/{run_id}/events?after=" + "9" * 5_000, "after"),
        ("/api/runs/{run_id}/events?surprise=1", "surprise"),
    ],
)
def test_a_wrong_query_is_named(client: FlaskClient, path: str, field: str) -> None:
    """A query with a wrong or unknown field is 422, by field."""
    answer = client.get(path.format(**chat(client)), buffered=True)
    assert set(is_problem(answer, 422, "invalid_request")["errors"]) == {field}


@examples(30)
@given(texts)
def test_no_search_breaks_it(client: FlaskClient, search: str) -> None:
    """Any text can be looked for."""
    answer = client.get("/api/conversations", query_string={"q": search}, buffered=True)
    assert answer.status_code == 200
    assert set(answer.get_json()) == {"conversations", "next_cursor"}
