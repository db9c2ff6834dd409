"""The description of the API, and what the API really answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.blueprints.issuing import ADMIN, KEYS, as_admin
from tests.blueprints.shared import application

_TEXT = {"schema": "contact", "text": "Ada Lovelace, ada@example.com"}
_USER = [{"role": "user", "content": "Hello"}]
_DOCUMENTS = [{"id": "1", "text": "Ada"}, {"id": "2", "text": "Bob"}]
_UI = {"id": "c1", "messages": [{"role": "user", "parts": [{"type": "text", "text": "Hi"}]}]}
_V1 = {"messages": _USER, "max_tokens": 30}
_EXPORT = "/api/conversations/{conversation_id}/export"

# Method, path, body or None, query, and the status that has to come.
Asked = tuple[str, str, Any, str, int]

_ANSWERED: list[Asked] = [
    *(
        ("GET", path, None, "", 200)
        for path in (
            *("/healthz", "/readyz", "/metrics", "/v1/models", KEYS, "/api/admin/teams"),
            *("/api/me", "/api/me/export", "/api/models", "/api/usage", "/api/admin/usage"),
            *("/api/session", "/api/terms", "/api/tools", "/api/prompts", "/api/schemas"),
            *("/api/conversations", "/api/conversations/{conversation_id}"),
            *("/api/conversations/{conversation_id}/messages", _EXPORT),
            *("/api/runs/{run_id}", "/api/runs/{run_id}/steps", "/api/runs/{run_id}/events"),
        )
    ),
    ("GET", "/readyz", None, "verbose", 200),
    ("GET", _EXPORT, None, "format=json", 200),
    ("GET", "/api/usage", None, "format=csv", 200),
    ("GET", "/api/feedback", None, "conversation_id={conversation_id}", 200),
    ("GET", "/api/runs", None, "conversation_id={conversation_id}", 200),
    ("GET", "/v1/models/{model}", None, "", 200),
    ("POST", "/api/chat", {"message": "Hello"}, "", 200),
    ("POST", "/api/chat", {"message": "Hello", "store": False}, "", 200),
    ("POST", "/api/chat/stream", {"message": "Hello"}, "", 200),
    ("POST", "/api/conversations/{conversation_id}/regenerate", {}, "", 200),
    ("POST", "/api/conversations/{conversation_id}/regenerate/stream", {}, "", 200),
    ("PATCH", "/api/conversations/{conversation_id}", {"title": "Paris"}, "", 200),
    ("POST", "/api/agent", {"message": "Hello"}, "", 200),
    ("POST", "/api/agent/stream", {"message": "Hello"}, "", 200),
    ("POST", "/api/extract", _TEXT, "", 200),
    ("POST", "/api/extract/stream", _TEXT, "", 200),
    ("POST", "/api/extract/batch", {"schema": "contact", "documents": _DOCUMENTS}, "", 200),
    ("POST", "/api/prompts/{name}", {"variables": {"text": "A long story."}}, "", 200),
    ("POST", "/api/prompts/{name}/stream", {"variables": {"text": "A story."}}, "", 200),
    ("POST", "/api/tokens", {"message": "Hello"}, "", 200),
    ("POST", "/api/feedback", {"message_id": "{message_id}", "rating": "up"}, "", 200),
    ("DELETE", "/api/feedback/{message_id}", None, "", 204),
    ("POST", "/api/ui/chat", _UI, "", 200),
    ("POST", "/api/ui/chat", {**_UI, "tools": []}, "", 200),
    ("POST", "/api/runs/{run_id}/stop", None, "", 200),
    ("POST", "/api/session", {"key": ADMIN}, "", 200),
    ("POST", KEYS, {"owner": "ada"}, "", 201),
    ("PUT", "/api/admin/teams/{name}", {"budgets": {"day": "1.5"}}, "", 200),
    ("POST", "/v1/chat/completions", {"messages": _USER}, "", 200),
    ("POST", "/v1/chat/completions", {"messages": _USER, "stream": True}, "", 200),
    ("POST", "/v1/responses", {"input": "Hello"}, "", 200),
    ("POST", "/v1/responses", {"input": "Hello", "stream": True}, "", 200),
    ("POST", "/v1/messages", _V1, "", 200),
    ("POST", "/v1/messages", {**_V1, "stream": True}, "", 200),
    ("POST", "/v1/messages/count_tokens", {"messages": _USER}, "", 200),
]
_REFUSED: list[Asked] = [
    ("POST", "/api/chat", {"message": " "}, "", 422),
    ("POST", "/api/chat", {"message": "Hello", "model": "nobody/x"}, "", 422),
    ("POST", "/api/chat", {"message": "Hello", "conversation_id": "conv_0"}, "", 404),
    ("GET", "/api/chat/ws", None, "", 426),
    ("GET", "/api/usage", None, "from=2001-01-01", 422),
    ("POST", "/v1/chat/completions", {}, "", 400),
    ("POST", "/v1/responses", {}, "", 400),
    ("POST", "/v1/embeddings", {"model": "demo/demo", "input": "Hello"}, "", 400),
    ("POST", "/v1/messages", {"messages": _USER}, "", 400),
    ("POST", "/v1/messages", {**_V1, "model": "nobody/x"}, "", 404),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("openapi"), port=8000, admin_key=ADMIN) as made:
        yield made


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json", buffered=True).get_json()
    return found


@pytest.fixture
def ids(client: FlaskClient) -> dict[str, str]:
    """What there is to be asked for, by the name that paths have for it."""
    said = as_admin(client, "POST", "/api/chat", json={"message": "Hello"}).get_json()
    there = {name: said[name] for name in ("run_id", "conversation_id", "model")}
    return {**there, "message_id": said["message"]["id"], "name": "summarize"}


def answered(client: FlaskClient, asked: Asked, ids: dict[str, str]) -> TestResponse:
    method, path, body, query, status = asked
    body = {**body, "message_id": ids["message_id"]} if "message_id" in (body or {}) else body
    address = f"{path.format(**ids)}?{query.format(**ids)}"
    answer = as_admin(client, method, address, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text[:500]
    return answer


def values(answer: TestResponse) -> list[Any]:
    """What the answer's schema is about: a body, or each line or event of one."""
    if answer.mimetype == "application/x-ndjson":
        return [json.loads(line) for line in answer.text.splitlines()]
    if answer.mimetype == "text/event-stream":
        frames = re.findall(r"(?:^(?:id|event|data): .*\n)+", answer.text, re.MULTILINE)
        return [dict(re.findall("^([a-z]+): (.*)$", frame, re.MULTILINE)) for frame in frames]
    return [answer.get_json() if answer.is_json else answer.text]


def fits(spec: dict[str, Any], asked: Asked, answer: TestResponse) -> None:
    """The status, the media type and the body are those that the description has."""
    said = spec["paths"][asked[1]][asked[0].lower()]["responses"]
    described = said.get(str(answer.status_code), said["default"])
    if name := described.get("$ref"):
        described = spec["components"]["responses"][name.rpartition("/")[2]]
    if answer.status_code == 204:
        assert "content" not in described
        return
    schema = {**described["content"][answer.mimetype]["schema"], "components": spec["components"]}
    found = values(answer)
    assert found
    for value in found:
        wrong = [e.message for e in jsonschema_rs.Draft202012Validator(schema).iter_errors(value)]
        assert wrong == [], value


def _name(asked: Asked) -> str:
    return f"{asked[0]} {asked[1]} {asked[4]}"


@pytest.mark.parametrize("asked", _ANSWERED, ids=_name)
def test_an_answer_is_as_described(
    client: FlaskClient, spec: dict[str, Any], ids: dict[str, str], asked: Asked
) -> None:
    """What a route really answers when all is well fits what is said of it."""
    fits(spec, asked, answered(client, asked, ids))


@pytest.mark.parametrize("asked", _REFUSED, ids=_name)
def test_an_error_is_as_described(
    client: FlaskClient, spec: dict[str, Any], ids: dict[str, str], asked: Asked
) -> None:
    """So does an error, in the form of the API that was asked."""
    fits(spec, asked, answered(client, asked, ids))


def test_every_error_is_described_in_its_apis_form(spec: dict[str, Any]) -> None:
    """Problem documents under /api, OpenAI's and Anthropic's errors under /v1."""
    for path, item in spec["paths"].items():
        form = "Problem"
        if path.startswith("/v1/"):
            form = "AnthropicError" if path.startswith("/v1/messages") else "OpenAIError"
        for operation in (o for method, o in item.items() if method != "parameters"):
            said = operation["responses"]
            errors = {
                ref["$ref"] for code, ref in said.items() if code in ("default", "400", "422")
            }
            assert errors == {f"#/components/responses/{form}"}, path
    assert list(spec["components"]["responses"]["Problem"]["content"]) == [
        "application/problem+json"
    ]


def test_it_says_which_routes_need_a_key(client: FlaskClient, spec: dict[str, Any]) -> None:
    """Whoever has none is turned away from all but those that are said to be open."""
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method == "parameters" or operation.get("security") == []:
                continue
            answer = client.open(re.sub("{.*?}", "x", path), method=method.upper(), buffered=True)
            assert answer.status_code == 401, (method, path)
    assert spec["security"]
