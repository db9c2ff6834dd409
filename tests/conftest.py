"""What every test may ask for. The app is imported late: the browser tests run unpatched."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.services import Services

_OURS = (
    "AGENT_",
    "ANOMALY_",
    "ANTHROPIC_",
    "BUDGET_",
    "COMPATIBLE_",
    "CORS_",
    "FILTER_",
    "JWT_",
    "LIMIT",
    "MCP_",
    "MODEL_",
    "OLLAMA_",
    "OPENAI_",
    "OTEL_",
    "REDIS_",
    "RETENTION_",
    "SESSION_",
    "TERMS_",
    "TOOL",
    "WEBHOOK_",
)
_ALSO = {
    "PORT",
    "ADMIN_KEY",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "TRUSTED_PROXIES",
    "DATABASE_URL",
    "CHAT_MODEL",
    "FALLBACK_MODELS",
    "TITLE_MODEL",
    "PROMPTS_DIR",
    "SPOOL_DIR",
    "WEB_CONCURRENCY",
    "APP_ENV",
}
_TRUST = {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}


# What logs before an application has said how. Left to itself structlog draws tracebacks with rich,
# where that is installed: each takes seconds.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's keys, nor a proxy, nor writes into the working directory."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name in _ALSO | _TRUST or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def within_a_minute() -> None:
    """Limits count by minutes of the clock, and round down what is left of the one before: a test
    that the minute turns in sees one request more. It begins where there is time enough.
    """
    left = 60 - time.time() % 60
    if left < 10:
        time.sleep(left)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """What the app is configured with; a test module may override it."""
    return {}


@pytest.fixture
def app(tmp_path: Path, settings: dict[str, Any]) -> Iterator[Flask]:
    """A fresh application on a database of its own, whose demo model does not dawdle."""
    from app import Config, create_app
    from tests.storage.databases import fresh

    defaults = {
        "database_url": fresh(tmp_path),
        "spool_dir": f"{tmp_path}/spool",
        "demo_tokens_per_second": 100_000.0,
        "log_level": "ERROR",
    }
    made = create_app(Config(**{**defaults, **settings}))
    yield made
    made.extensions["parley"].close()


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions["parley"]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
