"""The API's description of itself, and its page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

_METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json", buffered=True)
    assert answer.content_type == "application/json"
    found: dict[str, Any] = answer.get_json()
    return found


def operations(spec: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    }


def test_the_description_is_valid(spec: dict[str, Any]) -> None:
    """It is OpenAPI 3.1 by the standard's own schema, and every reference leads somewhere."""
    assert spec["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []


def test_every_route_is_described(app: Flask, spec: dict[str, Any]) -> None:
    """Each route under /api is there with its methods, and no route that is not."""
    there = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = set(operations(spec))
    assert described <= there
    assert {(m, path) for m, path in there if path.startswith("/api/")} <= described


def test_every_operation_is_complete(spec: dict[str, Any]) -> None:
    """Each says what it does, names its body and parameters, and what a problem looks like."""
    for (method, path), operation in operations(spec).items():
        assert operation["summary"], path
        named = {
            p["name"]
            for p in operation.get("parameters", []) + spec["paths"][path].get("parameters", [])
            if p["in"] == "path"
        }
        assert named == set(re.findall(r"{(\w+)}", path))
        assert "default" in operation["responses"], path
        if method in ("post", "patch") and not path.endswith("/stop"):
            assert "application/json" in operation["requestBody"]["content"], path


def test_streams_are_described_as_streams(spec: dict[str, Any]) -> None:
    """A client generator sees which answers are event streams."""
    for path in ("/api/chat/stream", "/api/conversations/{conversation_id}/regenerate/stream"):
        assert "text/event-stream" in spec["paths"][path]["post"]["responses"]["200"]["content"]


class _Page(HTMLParser):
    """What a browser would run, load or show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_every_path(client: FlaskClient, spec: dict[str, Any]) -> None:
    """Each path of the description is on the page, with its methods and what they do."""
    page = _Page(client.get("/docs", buffered=True).text)
    shown = re.sub(r"\s+", " ", page.text)
    for (method, path), operation in operations(spec).items():
        assert path in shown
        assert method.upper() in shown.upper()
        assert re.sub(r"\s+", " ", operation["summary"]) in shown


def test_the_page_runs_nothing(client: FlaskClient) -> None:
    """It has no script, no handler, no inline style, and loads only what is ours."""
    answer = client.get("/docs", buffered=True)
    page = _Page(answer.text)
    assert answer.content_type.startswith("text/html")
    assert "script" not in page.tags
    assert page.handlers == []
    assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in page.links)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    for link in page.links:
        if link.startswith("/"):
            assert client.get(link, buffered=True).status_code == 200, link
