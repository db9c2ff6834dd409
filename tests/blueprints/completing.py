"""How the tests speak to OpenAI's door."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.services import Services
from app.storage.tables import calls

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
HELLO = [{"role": "user", "content": "Hello"}]


def post(client: FlaskClient, **body: Any) -> TestResponse:
    return client.post(CHAT, json={"messages": HELLO, **body}, buffered=True)


def completed(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """An answer that must come."""
    answer = post(client, **body)
    assert answer.status_code == 200, answer.text[:300]
    said: dict[str, Any] = answer.get_json()
    return said


def chunks(answer: TestResponse) -> list[dict[str, Any]]:
    """All that came in a stream but its end, which must be right if nothing broke."""
    assert answer.status_code == 200, answer.text[:300]
    data = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    ended = data[-1] == "[DONE]"
    found = [json.loads(each) for each in (data[:-1] if ended else data)]
    assert ended != ("error" in found[-1])
    return found


def refused(answer: TestResponse, status: int, code: str, param: str | None = None) -> str:
    """The answer is an error in OpenAI's shape, and nothing besides. Its sentence."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.content_type == "application/json"
    assert set(answer.get_json()) == {"error"}
    error = answer.get_json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["code"], error["param"]) == (code, param)
    return str(error["message"])


def booked(services: Services) -> list[Any]:
    query = select(calls).order_by(calls.c.id)
    return list(services.database.read(lambda tx: tx.execute(query).all()))
