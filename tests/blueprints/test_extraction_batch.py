"""Many documents in one request: a line for each, one budget, and one that fails stops nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.metering.money import dollars
from app.services import Services
from app.storage.tables import calls
from app.tariffs import read
from tests.blueprints.shared import against, application
from tests.upstream import Upstream
from tests.upstream.bill import Bill

# What the model server writes when it is to call a tool.
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
_ADMIN = "an-admin-key-of-this-test"
GOOD, WRONG = "openai/tool-1", "openai/mock-3"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Flask]:
    prices = read('{"openai/*": {"input": "0", "output": "10"}}')
    folder: Path = tmp_path_factory.mktemp("batches")
    with application(folder, **against(upstream), model_prices=prices) as made:
        yield made


@pytest.fixture(autouse=True)
def quiet(upstream: Upstream) -> None:
    upstream.reset()
    upstream.bill = None


def documents(count: int) -> list[dict[str, str]]:
    return [{"id": f"doc {number}", "text": f"Document {number}."} for number in range(count)]


def post(client: FlaskClient, **body: Any) -> TestResponse:
    return client.post(
        "/api/extract/batch",
        json={"documents": documents(3), "schema": SCHEMA, "model": GOOD, **body},
        buffered=True,
    )


def lines(answer: TestResponse) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The documents' lines by their ids, and the totals, which are last."""
    assert (answer.status_code, answer.content_type) == (200, "application/x-ndjson")
    *found, last = [json.loads(line) for line in answer.data.splitlines()]
    assert list(last) == ["totals"]
    assert len({line["id"] for line in found}) == len(found) == last["totals"]["documents"]
    return {line["id"]: line for line in found}, last["totals"]


def booked(services: Services, run_ids: set[str]) -> list[tuple[str, int | None]]:
    query = select(calls.c.run_id, calls.c.state, calls.c.cost)
    rows = services.database.read(lambda tx: tx.execute(query).all())
    return [(row.state, row.cost) for row in rows if row.run_id in run_ids]


def test_every_document_has_a_line(client: FlaskClient, services: Services) -> None:
    """With the result that it would have alone; its call is in the ledger, and in the totals."""
    found, totals = lines(post(client, documents=documents(6)))
    assert set(found) == {document["id"] for document in documents(6)}
    assert {line["status"] for line in found.values()} == {"ok"}
    results = [line["result"] for line in found.values()]
    assert all(result["data"]["days"] == 0 for result in results)
    assert (totals["ok"], totals["failed"], totals["skipped"]) == (6, 0, 0)
    rows = booked(services, {result["run_id"] for result in results})
    assert len(rows) == 6
    assert {state for state, _ in rows} == {"ok"}
    assert Decimal(str(totals["cost_usd"])) == sum(dollars(cost or 0) for _, cost in rows)
    used = sum(result["usage"]["output_tokens"] for result in results)
    assert totals["usage"]["output_tokens"] == used > 0


def test_it_is_what_a_single_one_answers(client: FlaskClient) -> None:
    """A document's result has the members and values of /api/extract."""
    (line,) = lines(post(client, documents=documents(1)))[0].values()
    body = {"text": documents(1)[0]["text"], "schema": SCHEMA, "model": GOOD}
    alone = client.post("/api/extract", json=body).get_json()
    assert {**line["result"], "run_id": ""} == {**alone, "run_id": ""}


def test_what_fails_stops_nothing(client: FlaskClient, upstream: Upstream) -> None:
    """A document for which the model was busy has a problem in its line; the rest has results."""
    found, totals = lines(post(client, documents=documents(6), model="openai/flaky-1-tool-1"))
    assert (totals["ok"], totals["failed"]) == (5, 1)
    (failed,) = [line for line in found.values() if line["status"] == "failed"]
    assert (failed["problem"]["code"], failed["problem"]["retryable"]) == (
        "provider_overloaded",
        True,
    )
    assert "result" not in failed


def test_what_nobody_validated_is_no_data(client: FlaskClient, upstream: Upstream) -> None:
    """Where the model never calls the tool, each line says what its attempts have cost."""
    found, totals = lines(post(client, model=WRONG, max_attempts=2))
    problems = [line["problem"] for line in found.values()]
    assert {problem["code"] for problem in problems} == {"extraction_failed"}
    assert totals["failed"] == 3
    spent = sum(Decimal(str(problem["cost_usd"])) for problem in problems)
    assert Decimal(str(totals["cost_usd"])) == spent > 0
    assert sum(len(problem["attempts"]) for problem in problems) == len(upstream.requests)


def test_the_budget_holds_for_all_together(client: FlaskClient, upstream: Upstream) -> None:
    """What is left cannot pay the third's worst case: it is not asked about, nor are the others."""
    upstream.bill = Bill(input=10, cached=0, written=0, output=100)
    found, totals = lines(
        post(client, documents=documents(7), max_output_tokens=100, budget_usd="0.0025")
    )
    assert (totals["ok"], totals["failed"], totals["skipped"]) == (2, 0, 5)
    assert (totals["cost_usd"], len(upstream.requests)) == (0.002, 2)
    said = {line["problem"]["detail"] for line in found.values() if line["status"] == "skipped"}
    assert all("budget of 0.0025 US dollars" in detail for detail in said)


def test_what_was_cheaper_than_feared_buys_more(client: FlaskClient, upstream: Upstream) -> None:
    """The worst case is given back: a budget for two at once is enough for many in turn."""
    upstream.bill = Bill(input=10, cached=0, written=0, output=10)
    _, totals = lines(
        post(client, documents=documents(7), max_output_tokens=100, budget_usd=0.0025)
    )
    assert (totals["ok"], totals["cost_usd"]) == (7, 0.0007)


def test_a_repeated_attempt_is_within_the_budget(client: FlaskClient, upstream: Upstream) -> None:
    """Where there is no money for a second question, the document fails, at the first's cost."""
    upstream.bill = Bill(input=10, cached=0, written=0, output=100)
    asked = {"model": "openai/mock-3", "max_output_tokens": 100, "budget_usd": "0.0015"}
    found, totals = lines(post(client, documents=documents(1), **asked))
    (line,) = found.values()
    assert (line["status"], line["problem"]["code"]) == ("failed", "budget_spent")
    assert (totals["cost_usd"], len(upstream.requests)) == (0.001, 1)


def test_without_a_price_nothing_is_bought(client: FlaskClient, upstream: Upstream) -> None:
    """A model whose price nobody knows is not asked where there is a budget, and is where not."""
    body = {"documents": documents(2), "model": "anthropic/mock-nobody-knows", "max_attempts": 1}
    found, _ = lines(post(client, **body, budget_usd=1))
    assert {line["problem"]["code"] for line in found.values()} == {"unpriced_model"}
    assert upstream.requests == []
    _, totals = lines(post(client, **body))
    assert totals["cost_usd"] is None


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"documents": []}, "documents", "1 to 500 documents"),
        ({"documents": documents(501)}, "documents", "1 to 500 documents"),
        ({"documents": [{"id": "a", "text": "x"}] * 2}, "documents", "'a' is there more than once"),
        (
            {"documents": [{"id": n, "text": "x" * 250_001} for n in "abcd"]},
            "documents",
            "1000000 characters in all, at most, and these have 1000004",
        ),
        ({"documents": [{"id": "a", "text": " "}]}, "documents", "Must not be empty"),
        ({"schema": "no_such"}, "schema", "no schema called 'no_such'"),
        ({"schema": {"type": "nothing"}}, "schema", "not a valid JSON Schema"),
        ({"model": "nobody/x"}, "model", "no provider called"),
        ({"locale": "no such tongue"}, "locale", ""),
        ({"budget_usd": "-1"}, "budget_usd", "Must be 0 to"),
        ({"text": "x"}, "text", "Unknown field"),
    ],
)
def test_what_is_wrong_with_all_is_told_at_once(
    client: FlaskClient, upstream: Upstream, wrong: dict[str, Any], field: str, said: str
) -> None:
    """It is a 422 by field and not a line for each document; no model is asked."""
    answer = post(client, **wrong)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert said in json.dumps(answer.get_json()["errors"][field])
    assert upstream.requests == []


def test_the_demo_model_does_it_too(client: FlaskClient) -> None:
    """Without a key a batch can be tried."""
    contacts = [{"id": n, "text": f"Write to {n}@example.com"} for n in "abc"]
    found, totals = lines(post(client, documents=contacts, schema="contact", model="demo/demo"))
    assert totals["ok"] == 3
    assert all(f"{name}@example.com" in json.dumps(found[name]["result"]["data"]) for name in "abc")


class TestScopes:
    @pytest.fixture
    def app(self, tmp_path: Path, upstream: Upstream) -> Iterator[Flask]:
        with application(tmp_path, **against(upstream), admin_key=_ADMIN) as made:
            yield made

    @pytest.mark.parametrize(("scope", "status"), [("extract", 200), ("chat", 403)])
    def test_it_takes_a_key_for_extraction(
        self, client: FlaskClient, upstream: Upstream, scope: str, status: int
    ) -> None:
        """A key for chats alone gets nothing of it."""
        made = client.post(
            "/api/admin/keys",
            json={"owner": "ada", "scopes": [scope]},
            headers={"Authorization": f"Bearer {_ADMIN}"},
        )
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.get_json()['key']}"
        assert post(client).status_code == status
        assert bool(upstream.requests) == (status == 200)


class TestLimits:
    @pytest.fixture
    def settings(self, upstream: Upstream) -> dict[str, Any]:
        return {**against(upstream), "limit_streams": 1}

    @pytest.fixture
    def app(self, tmp_path: Path, settings: dict[str, Any]) -> Iterator[Flask]:
        with application(tmp_path, **settings) as made:
            yield made

    def test_a_batch_keeps_to_its_callers_pace(
        self, client: FlaskClient, upstream: Upstream
    ) -> None:
        """Where only one may be under way, the others wait for it and do not fail."""
        _, totals = lines(post(client, documents=documents(2)))
        assert totals["ok"] == 2
