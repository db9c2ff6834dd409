"""Reference calls, replayed through the formats of both vendors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.blueprints.agenting import acting, agent, call, with_tools
from tests.services.agents.reference import CASES, RECEIVED, Case
from tests.upstream import Upstream

_MODULE = ("tests.services.agents.reference",)


@pytest.fixture(scope="module")
def served() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, served: Upstream) -> Iterator[Flask]:
    with with_tools(tmp_path_factory.mktemp("shared"), served, tools_modules=_MODULE) as made:
        yield made


@pytest.fixture
def upstream(served: Upstream) -> Upstream:
    """It has forgotten what the last test asked of it."""
    served.reset()
    served.acting = None
    return served


def _offered(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By name, the JSON Schemas that the model was shown, in either format."""
    tools = [tool.get("function", tool) for tool in body["tools"]]
    return {tool["name"]: tool.get("parameters") or tool["input_schema"] for tool in tools}


def _replay(client: FlaskClient, upstream: Upstream, model: str, case: Case) -> None:
    RECEIVED.clear()
    upstream.requests.clear()
    upstream.acting = acting([call(name, **said) for name, said in case.calls], "Done.")
    said = agent(client, case.question, model=model, tools=list(case.offered))
    called = said["steps"][0]["calls"]
    assert [c.get("error") for c in called] == [None] * len(case.calls), case
    schemas = _offered(upstream.requests[0])
    assert set(schemas) == set(case.offered)
    got = sorted(map(repr, ((name, _plain(args)) for name, args in RECEIVED)))
    wanted = sorted(map(repr, ((n, _plain(_whole(schemas[n], a))) for n, a in case.calls)))
    assert got == wanted, case


def _whole(schema: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """With the defaults that the schema tells."""
    known = {n: p["default"] for n, p in schema["properties"].items() if "default" in p}
    return {**known, **said}


def _plain(arguments: dict[str, Any]) -> Any:
    """Without what is left open, and in one order."""
    kept = {name: _bare(value) for name, value in arguments.items() if value is not None}
    return json.loads(json.dumps(kept, sort_keys=True))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: v for name, v in sorted(value.items()) if v is not None}
    return value


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
@pytest.mark.parametrize("kind", ["simple", "multiple", "parallel"])
def test_reference_calls_arrive_as_they_were_meant(
    client: FlaskClient, upstream: Upstream, vendor: str, kind: str
) -> None:
    """Of twenty cases each, with types of every kind, every argument validates and arrives."""
    cases = [case for case in CASES if case.kind == kind]
    assert len(cases) == 20
    for case in cases:
        _replay(client, upstream, f"{vendor}/act-1", case)
