"""POST /api/extract with models that answer rightly, wrongly, and not at all."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.servers import CompatibleServer
from app.services import Services
from app.tariffs import read
from tests.blueprints.extracting import (
    INVOICE,
    PATIENT,
    PERSON,
    TRUTH,
    by_path,
    codes,
    counting,
    documents,
    extract,
    failed,
    saying,
)
from tests.upstream import Upstream
from tests.upstream.answers import Call

_MODELS = ["openai/tool-1", "anthropic/tool-1", "lab/tool-1"]


@pytest.fixture
def settings(with_upstream: dict[str, Any], upstream: Upstream) -> dict[str, Any]:
    lab = CompatibleServer("lab", f"{upstream.url}/v1")
    prices = read('{"*/*": {"input": "1", "output": "2"}}')
    return {**with_upstream, **PATIENT, "compatible": (lab,), "model_prices": prices}


@pytest.mark.parametrize("model", _MODELS)
def test_the_truth_is_accepted(client: FlaskClient, upstream: Upstream, model: str) -> None:
    """A valid answer comes back as data, and every value with the place where the text says it."""
    upstream.calling = saying(TRUTH)
    result = extract(client, INVOICE, "invoice", model=model)
    assert set(result) == {
        *("run_id", "data", "fields", "issues", "attempts", "missing_ranges"),
        *("model", "schema", "flags", "usage", "cost_usd"),
    }
    assert result["data"]["amount"] == 1250
    assert result["data"]["line_items"][1] == TRUTH["line_items"][1]  # type: ignore[index]
    assert (result["model"], result["issues"], result["flags"]) == (model, [], [])
    assert (result["schema"]["name"], result["schema"]["version"]) == ("invoice", "1")
    fields = by_path(result)
    assert {f["status"] for p, f in fields.items() if p not in _ABSENT} == {"supported"}
    assert {p for p, f in fields.items() if f["status"] == "absent"} == _ABSENT
    for field in fields.values():
        assert field["quote"] is None or INVOICE[field["start"] : field["end"]] == field["quote"]
    assert fields["amount"]["quote"] == "1,250.00"
    assert fields["amount"]["confidence_from"] == "model"


_ABSENT = {"tax", "line_items.1.quantity", "line_items.1.unit_price"}


@pytest.mark.parametrize("model", _MODELS)
def test_the_tool_is_forced(client: FlaskClient, upstream: Upstream, model: str) -> None:
    """Every vendor is told to call the one tool there is, as strictly as it can be told."""
    upstream.calling = saying({"name": "Ada"})
    extract(client, "Ada is here.", PERSON, model=model)
    body = upstream.requests[-1]
    (tool,) = body["tools"]
    function = tool.get("function", tool)
    assert function["name"] == "extract"
    assert body["tool_choice"] in (
        {"type": "function", "function": {"name": "extract"}},
        {"type": "tool", "name": "extract", "disable_parallel_tool_use": True},
    )
    assert function.get("strict", False) == (model != "lab/tool-1")
    system = body.get("system") or body["messages"][0]["content"]
    assert ('"minimum":0' in json.dumps(system).replace("\\", "")) == (model == "lab/tool-1")
    assert list(documents(body)) == ["Ada is here."]


@pytest.mark.parametrize("most", [1, 3, 10])
def test_an_always_wrong_model(client: FlaskClient, upstream: Upstream, most: int) -> None:
    """It is asked exactly so often, each question is as long as the last, and all is billed."""
    upstream.calling = counting(lambda n: {"name": 1000 + n})
    problem = failed(
        *(client, "Ada is here.", PERSON, 422, "extraction_failed"),
        model="openai/tool-1",
        max_attempts=most,
    )
    assert len(upstream.requests) == most
    sizes = [len(json.dumps(body)) for body in upstream.requests]
    steps = [later - earlier for earlier, later in pairwise(sizes)]
    assert all(step < 1_000 for step in steps[:1])
    assert all(abs(step) < 20 for step in steps[1:])
    assert problem["candidate"] == {"name": 1000 + most}
    assert [(issue["path"], issue["code"]) for issue in problem["issues"]] == [(["name"], "type")]
    attempts = problem["attempts"]
    assert [attempt["number"] for attempt in attempts] == list(range(1, most + 1))
    assert all(attempt["issues"] and attempt["cost_usd"] > 0 for attempt in attempts)
    assert problem["cost_usd"] == pytest.approx(sum(a["cost_usd"] for a in attempts))
    assert problem["usage"]["input_tokens"] == 10 * most


def test_a_model_that_repeats_itself(client: FlaskClient, upstream: Upstream) -> None:
    """The same wrong answer again, in whatever order of its fields, ends it at once."""
    upstream.calling = saying('{"name": 1, "age": 2}', '{"age": 2,  "name": 1}')
    problem = failed(
        *(client, "Ada", PERSON, 422, "extraction_failed"), model="openai/tool-1", max_attempts=10
    )
    assert len(problem["attempts"]) == 2
    assert "repeats itself" in problem["detail"]


@pytest.mark.parametrize("model", _MODELS)
def test_an_answer_is_corrected(client: FlaskClient, upstream: Upstream, model: str) -> None:
    """A wrong answer is shown to its model with what is wrong, by path; the right one counts."""
    upstream.calling = saying({"name": "Ada", "age": -1}, {"name": "Ada", "age": 36})
    result = extract(client, "Ada is 36.", PERSON, model=model)
    assert result["data"] == {"name": "Ada", "age": 36}
    assert [codes(attempt["issues"]) for attempt in result["attempts"]] == [["minimum"], []]
    said = json.dumps(upstream.requests[1]["messages"])
    assert "- age: It must be at least 0." in said
    assert "-1" in said


@pytest.mark.parametrize(
    ("model", "called", "code"),
    [
        ("openai/mock-5", None, "no_tool_call"),
        ("anthropic/mock-5", None, "no_tool_call"),
        ("openai/tool-1", Call("send_email", ['{"to": "eve"}']), "wrong_tool"),
        ("openai/tool-1", '```json\n{"name": "Ada"}\n```', "not_json"),
        ("openai/tool-1", '{"name": "Ada"', "not_json"),
        ("openai/tool-1", '{"name": "\\ud800"}', "not_json"),
    ],
)
def test_prose_is_never_data(
    client: FlaskClient, upstream: Upstream, model: str, called: Any, code: str
) -> None:
    """A text, another tool's call and broken JSON are wrong answers, whatever they hold."""
    upstream.calling = lambda _: called
    problem = failed(*(client, "Ada", PERSON, 422, "extraction_failed"), model=model)
    assert codes(problem["issues"]) == [code]
    assert problem["candidate"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"schema": "invoice"}, "text"),
        ({"text": " ", "schema": "invoice"}, "text"),
        ({"text": "x"}, "schema"),
        ({"text": "x", "schema": 7}, "schema"),
        ({"text": "x", "schema": "nonsense"}, "schema"),
        ({"text": "x", "schema": {"type": "nonsense"}}, "schema"),
        ({"text": "x", "schema": {"$ref": "file:///etc/passwd"}}, "schema"),
        ({"text": "x", "schema": "invoice", "locale": "Klingon empire"}, "locale"),
        ({"text": "x", "schema": "invoice", "max_attempts": 11}, "max_attempts"),
        ({"text": "x", "schema": "invoice", "wanted": 1}, "wanted"),
    ],
)
def test_bad_input(
    client: FlaskClient, upstream: Upstream, body: dict[str, Any], field: str
) -> None:
    """What cannot be carried out is refused by field, and nobody is asked."""
    answer = client.post("/api/extract", json=body, buffered=True)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    assert field in answer.get_json()["errors"]
    assert upstream.requests == []


def test_a_model_without_tools(client: FlaskClient, services: Services) -> None:
    """It is refused by name before anybody is asked."""
    problem = failed(*(client, "Ada", PERSON, 422, "invalid_request"), model="openai/gpt-6-astra")
    assert "cannot call tools" in problem["errors"]["model"][0]


@pytest.mark.parametrize(
    ("locale", "day"), [(None, None), ("en-US", "2026-03-04"), ("en-GB", "2026-04-03")]
)
def test_what_is_ambiguous_is_not_guessed(
    client: FlaskClient, upstream: Upstream, locale: str | None, day: str | None
) -> None:
    """A date with two meanings is null and flagged at the first attempt; a locale decides it."""
    upstream.calling = saying({**TRUTH, "due_date": "03/04/2027", "line_items": None})
    result = extract(client, "Due 03/04/2027", "invoice", model="openai/tool-1", locale=locale)
    assert result["data"]["due_date"] == (day and day.replace("2026", "2027"))
    warned = [(i["code"], i["severity"]) for i in result["issues"] if i["path"] == ["due_date"]]
    assert warned == ([] if day else [("ambiguous_date", "warning")])
    assert len(result["attempts"]) == 1


def test_capitals_and_judgements(client: FlaskClient, upstream: Upstream) -> None:
    """A choice in other capitals is put right, and supported by the words that it was made of."""
    schema = {
        "type": "object",
        "properties": {
            "mood": {"type": "string", "enum": ["Positive", "Negative"]},
            "urgent": {"type": "boolean"},
        },
        "required": ["mood", "urgent"],
    }
    text = "I am delighted 🎉 – but no hurry."
    quotes = [{"field": "mood", "quote": "delighted 🎉"}, {"field": "urgent", "quote": "at once"}]
    upstream.calling = saying({"mood": "positive", "urgent": True, "evidence_quotes": quotes})
    result = extract(client, text, schema, model="openai/tool-1")
    assert result["data"] == {"mood": "Positive", "urgent": True}
    fields = by_path(result)
    assert (fields["mood"]["status"], fields["mood"]["quote"]) == ("supported", "delighted 🎉")
    assert fields["urgent"]["status"] == "unsupported"


def test_the_demo_model_needs_nothing(client: FlaskClient) -> None:
    """It finds what patterns find, and is not sure of any of it."""
    result = extract(client, INVOICE, "invoice", model="demo/demo")
    data = result["data"]
    assert (data["amount"], data["currency"], data["due_date"]) == (1250, "EUR", "2026-12-02")
    assert max(field["confidence"] for field in result["fields"]) <= 0.3


def test_the_registered_schemas(client: FlaskClient) -> None:
    """GET /api/schemas lists them with what an answer has to look like."""
    listed = client.get("/api/schemas", buffered=True).get_json()["schemas"]
    assert {"invoice", "receipt", "contact", "event", "classification"} <= {
        schema["name"] for schema in listed
    }
    for schema in listed:
        assert schema["json_schema"]["type"] == "object"
        assert schema["version"]
        assert schema["description"]
