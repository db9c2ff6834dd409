"""What was used, by HTTP: a caller's own, and everybody's for keys with the scope admin."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from werkzeug.test import TestResponse

from app.services import Services
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem
from tests.properties import examples, texts
from tests.storage.booked import book, call

_NOON = 1_794_916_800_000  # 2026-11-17 12:00 UTC
_DAY = 86_400_000
_NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
_BOOKED = [
    call(owner="local", created_at=_NOON, cost=54_399_000_000, input_tokens=3, output_tokens=550),
    call(owner="local", created_at=_NOON + 1, cost=None, state="failed", key_id="key_1"),
    call(owner="local", created_at=_NOON + _DAY, cost=123_456_789_012_345_678, model="gpt-5"),
    call(owner="local", created_at=_NOON, state="open", cost=10**12),
    call(owner="=SUM(A1)", created_at=_NOON, team="@team", key_id="key_2", cost=1),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("usage")) as made:
        yield made


@pytest.fixture(autouse=True)
def booked(services: Services) -> None:
    book(services.database, _BOOKED)


def asked(client: FlaskClient, path: str = "/api/usage", **query: str) -> dict[str, Any]:
    answer = client.get(path, query_string=_NOVEMBER | query, buffered=True)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    said: dict[str, Any] = json.loads(answer.data, parse_float=Decimal)
    return said


def rows_of(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_ones_own_by_day(client: FlaskClient) -> None:
    """By default a row for each day, with every figure, and the totals of all rows."""
    said = asked(client)
    totals = said.pop("totals")
    [first, second] = said.pop("rows")
    assert said.pop("feedback") == {"up": 0, "down": 0, "satisfaction": None}
    assert said == {**_NOVEMBER, "time_zone": "UTC", "group_by": ["day"]}
    assert first == {
        "day": "2026-11-17",
        "calls": 2,
        "failed": 1,
        "unpriced": 1,
        "input_tokens": 3,
        "cached_input_tokens": 0,
        "cache_write_tokens": 0,
        "output_tokens": 550,
        "reasoning_tokens": 0,
        "cost_usd": Decimal("0.054399"),
    }
    assert (second["day"], second["cost_usd"]) == ("2026-11-18", Decimal("123456.789012345678"))
    assert totals["calls"] == 3
    assert totals["cost_usd"] == Decimal("123456.843411345678")
    assert set(totals) == set(first) - {"day"}


def test_groups_are_named(client: FlaskClient) -> None:
    """Each row says what its calls have in common, in the order that was asked for."""
    rows = asked(client, group_by="model,day")["rows"]
    assert [(row["model"], row["day"]) for row in rows] == [
        ("openai/gpt-4o", "2026-11-17"),
        ("openai/gpt-5", "2026-11-18"),
    ]
    by_key = asked(client, group_by="key,conversation")["rows"]
    assert [(row["key"], row["conversation"], row["calls"]) for row in by_key] == [
        (None, "conv_1", 2),
        ("key_1", "conv_1", 1),
    ]


def test_everybodys(client: FlaskClient) -> None:
    """The other route has all owners' calls, in their teams, and can be narrowed."""
    path = "/api/admin/usage"
    rows = asked(client, path, group_by="owner,team")["rows"]
    assert [(r["owner"], r["team"], r["calls"]) for r in rows] == [
        ("=SUM(A1)", "@team", 1),
        ("local", None, 3),
    ]
    for name, value, calls in (
        ("owner", "local", 3),
        ("team", "@team", 1),
        ("key", "key_1", 1),
        ("key", "key_none", 0),
    ):
        assert asked(client, path, **{name: value})["totals"]["calls"] == calls


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ({"format": "csv"}, None),
        ({"format": "csv"}, "application/json"),
        ({}, "text/csv"),
        ({}, "application/json;q=0.5, text/csv"),
    ],
)
def test_csv(client: FlaskClient, query: dict[str, str], accept: str | None) -> None:
    """A file with a head, the same rows, and dollars to the last digit."""
    headers = {"Accept": accept} if accept else {}
    answer = client.get("/api/usage", query_string=_NOVEMBER | query, headers=headers)
    disposition = answer.headers["Content-Disposition"]
    assert disposition == "attachment; filename=usage-2026-11-01-2026-11-30.csv"
    assert "Accept" in answer.headers["Vary"]
    assert answer.text.count("\r\n") == answer.text.count("\n") == 3
    shown = asked(client)["rows"]
    rows = rows_of(answer)
    assert [set(row) for row in rows] == [set(row) for row in shown]
    assert rows == [{name: str(value) for name, value in row.items()} for row in shown]
    assert rows[1]["cost_usd"] == "123456.789012345678"


@pytest.mark.parametrize("accept", ["*/*", "text/html,*/*;q=0.8", "application/json", "image/png"])
def test_json_otherwise(client: FlaskClient, accept: str) -> None:
    """Who does not prefer CSV gets JSON, and who says so in the query whatever else is said."""
    for query, headers in (({}, {"Accept": accept}), ({"format": "json"}, {"Accept": "text/csv"})):
        answer = client.get("/api/usage", query_string=query, headers=headers)
        assert answer.content_type == "application/json"


@examples(15)
@given(texts, texts)
def test_no_cell_is_a_formula(
    client: FlaskClient, services: Services, owner: str, team: str
) -> None:
    """Whatever people are called: a spreadsheet calculates nothing, and no name is lost."""
    owner, team = (name.replace("\0", "") for name in (owner, team))
    for begins in ("", "=", "+", "-", "@", "＝"):
        book(services.database, [call(created_at=_NOON, owner=begins + owner, team=team + begins)])
        query = _NOVEMBER | {"group_by": "owner,team", "format": "csv"}
        [row] = rows_of(client.get("/api/admin/usage", query_string=query))
        assert row["owner"].removeprefix("'") == (begins + owner).removeprefix("'")
        assert not row["owner"].startswith(("=", "+", "-", "@", "＝", "\t", "\r", "\n"))
        assert row["team"].removeprefix("'") == (team + begins).removeprefix("'")


@pytest.mark.parametrize("path", ["/api/usage", "/api/admin/usage"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("group_by=", "group_by"),
        ("group_by=day,", "group_by"),
        ("group_by=day,day", "group_by"),
        ("group_by=day, model", "group_by"),
        ("group_by=message", "group_by"),
        ("group_by=%00", "group_by"),
        ("from=2026-11-31", "from"),
        ("from=yesterday", "from"),
        ("from=", "from"),
        ("from=1999-12-31", "from"),
        ("to=9999-12-31", "to"),
        ("from=2026-11-02&to=2026-11-01", "from"),
        ("from=2024-11-02&to=2026-11-01", "from"),
        ("format=xlsx", "format"),
        ("surprise=1", "surprise"),
    ],
)
def test_a_wrong_query(client: FlaskClient, path: str, query: str, field: str) -> None:
    """What cannot be meant is 422, with a sentence for the field."""
    errors = is_problem(client.get(f"{path}?{query}"), 422, "invalid_request")["errors"]
    assert set(errors) == {field}
    assert all(sentence.endswith(".") for sentence in errors[field])


@pytest.mark.parametrize("query", ["owner=eve", "team=x", "key=key_1", "group_by=owner"])
def test_ones_own_only(client: FlaskClient, query: str) -> None:
    """Nobody else's calls can be asked for without the other route."""
    answer = client.get(f"/api/usage?{query}")
    assert set(is_problem(answer, 422, "invalid_request")["errors"]) == {query.partition("=")[0]}


def test_both_forms_are_described(client: FlaskClient) -> None:
    """A client generator sees JSON with its fields and CSV, and names with commas between them."""
    paths = client.get("/openapi.json").get_json()["paths"]
    for path in ("/api/usage", "/api/admin/usage"):
        described = paths[path]["get"]
        assert set(described["responses"]["200"]["content"]) == {"application/json", "text/csv"}
        [groups] = [p for p in described["parameters"] if p["name"] == "group_by"]
        assert groups["schema"]["type"] == "string"
