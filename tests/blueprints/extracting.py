"""Texts to extract from, and models that answer as they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask.testing import FlaskClient

from tests.blueprints.talk import Frame, frames, is_problem

INVOICE = """ACME Ltd.
Invoice no: A-17
Invoice date: 2026-11-02
Due: 2026-12-02

Widgets   2 x 500.00   1,000.00
Shipping                 250.00
Total EUR 1,250.00
"""
TRUTH = {
    "vendor_name": "ACME Ltd.",
    "invoice_number": "A-17",
    "invoice_date": "2026-11-02",
    "due_date": "2026-12-02",
    "currency": "EUR",
    "amount": "1,250.00",
    "tax": None,
    "line_items": [
        {"description": "Widgets", "quantity": 2, "unit_price": 500, "amount": 1000},
        {"description": "Shipping", "quantity": None, "unit_price": None, "amount": 250},
    ],
    "confidence": 0.9,
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}

# No test of these waits for a provider to be given up.
PATIENT = {"first_byte_timeout": 15.0, "read_timeout": 15.0}

Answering = Callable[[dict[str, Any]], str]


def saying(*answers: Any) -> Answering:
    """Each answer once, in turn, and then the last one again and again. Texts are sent as such."""
    left = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def counting(make: Callable[[int], Any]) -> Answering:
    """The answer to the first, the second question and so on."""
    numbers = iter(range(1, 1_000))
    return lambda _: json.dumps(make(next(numbers)))


def documents(body: dict[str, Any]) -> Iterator[str]:
    """What stands between the two lines, in the first message of the user's."""
    for message in body["messages"]:
        if message["role"] == "user" and isinstance(message["content"], str):
            line, _, rest = message["content"].partition("\n")
            yield rest.partition(f"\n{line}")[0]


def extract(client: FlaskClient, text: str, schema: Any, **body: Any) -> dict[str, Any]:
    """An extraction that must succeed."""
    sent = {"text": text, "schema": schema, **body}
    answer = client.post("/api/extract", json=sent, buffered=True)
    assert answer.status_code == 200, answer.text[:600]
    said: dict[str, Any] = answer.get_json()
    return said


def failed(
    client: FlaskClient, text: str, schema: Any, status: int, code: str, **body: Any
) -> dict[str, Any]:
    """One that must not."""
    sent = {"text": text, "schema": schema, **body}
    return is_problem(client.post("/api/extract", json=sent, buffered=True), status, code)


def streamed(client: FlaskClient, text: str, schema: Any, **body: Any) -> list[Frame]:
    """The same as a stream, whatever it ends with."""
    sent = {"text": text, "schema": schema, **body}
    answer = client.post("/api/extract/stream", json=sent, buffered=True)
    assert answer.status_code == 200, answer.text[:600]
    return frames(answer.data)


def by_path(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields of a result, by their paths joined with dots."""
    return {".".join(map(str, field["path"])): field for field in result["fields"]}


def codes(issues: Sequence[dict[str, Any]]) -> list[str]:
    return [issue["code"] for issue in issues]
