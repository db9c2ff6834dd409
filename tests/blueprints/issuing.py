"""Keys for the tests that need some."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ADMIN = "a-key-of-the-tests"
KEYS = "/api/admin/keys"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def as_admin(client: FlaskClient, method: str, path: str, **sent: Any) -> TestResponse:
    return client.open(path, method=method, headers=bearer(ADMIN), buffered=True, **sent)


def issued(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """A new key, with `key` itself; the owner is ada if none is named."""
    answer = as_admin(client, "POST", KEYS, json={"owner": "ada", **body})
    assert answer.status_code == 201, answer.text[:300]
    made: dict[str, Any] = answer.get_json()
    return made
