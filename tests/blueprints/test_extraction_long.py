"""Documents that are longer than the model can read at once."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.extracting import (
    PATIENT,
    by_path,
    codes,
    documents,
    extract,
    failed,
    streamed,
)
from tests.upstream import Upstream

_MODEL = "openai/tool-1"
_LINE = re.compile(r"Item (\d+): (\d+\.\d\d) EUR")
_ITEMS = {
    "type": "object",
    "properties": {
        "shop": {"type": "string"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"number": {"type": "integer"}, "price": {"type": "number"}},
                "required": ["number", "price"],
            },
        },
    },
    "required": ["shop", "items"],
}
_COUNT = 400
_TEXT = "Shop: Kraków 🙂\n\n" + "\n".join(
    f"Item {n}: {n}.{n % 100:02} EUR, as good as it was in the years before." for n in range(_COUNT)
)


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    window = {"context_window": 8_000, "max_output_tokens": 2_000}
    return {**with_upstream, **PATIENT, "model_profiles": {"openai/*": window}}


def honest(body: dict[str, Any]) -> str:
    """Answers what stands in the part that is asked about."""
    (text,) = documents(body)
    shop = re.search(r"Shop: (.*)", text)
    items = [{"number": int(n), "price": float(price)} for n, price in _LINE.findall(text)]
    return json.dumps({"shop": shop[1] if shop else None, "items": items})


def test_parts_are_read_and_put_together(client: FlaskClient, upstream: Upstream) -> None:
    """Nothing is lost or doubled where parts meet, and offsets are those of the whole text."""
    upstream.calling = honest
    result = extract(client, _TEXT, _ITEMS, model=_MODEL)
    parts = len(upstream.requests)
    assert parts > 2
    assert [attempt["part"] for attempt in result["attempts"]] == list(range(1, parts + 1))
    assert result["data"]["shop"] == "Kraków 🙂"
    assert [item["number"] for item in result["data"]["items"]] == list(range(_COUNT))
    assert result["missing_ranges"] == []
    fields = by_path(result)
    assert len(fields) == 1 + 2 * _COUNT
    for field in result["fields"]:
        assert field["status"] == "supported"
        assert _TEXT[field["start"] : field["end"]] == field["quote"]
    last = fields[f"items.{_COUNT - 1}.price"]
    assert _TEXT[: last["start"]].endswith(f"Item {_COUNT - 1}: ")


def test_a_part_that_fails_leaves_the_others(client: FlaskClient, upstream: Upstream) -> None:
    """What it covered is told as missing, the rest is data, and the stream says when it failed."""

    def failing(body: dict[str, Any]) -> str:
        text = next(documents(body), "")
        return "{" if "Item 200:" in text else honest(body)

    upstream.calling = failing
    events = streamed(client, _TEXT, _ITEMS, model=_MODEL, max_attempts=1)
    assert events[-1].event == "done"
    result = events[-1].data
    ((start, end),) = result["missing_ranges"]
    assert "Item 200:" in _TEXT[start:end]
    assert len(_TEXT) / 10 < end - start < len(_TEXT) / 2
    read = {int(number) for number, _ in _LINE.findall(_TEXT[:start] + _TEXT[end:])}
    numbers = [item["number"] for item in result["data"]["items"]]
    assert numbers == sorted(set(numbers))
    assert read <= {*numbers, *_cut(start, end)}
    assert codes(result["issues"]) == ["text_missing"]
    (step,) = [frame.data for frame in events if frame.event == "step"]
    assert (step["code"], step["attempt"]) == ("extraction_failed", 0)
    assert [a["issues"] != [] for a in result["attempts"]].count(True) == 1


def _cut(start: int, end: int) -> set[int]:
    """Items whose line is cut by a border of the range."""
    return {
        int(match[1])
        for match in _LINE.finditer(_TEXT)
        if match.start() < start < match.end() or match.start() < end < match.end()
    }


def test_where_all_parts_fail_there_is_no_data(client: FlaskClient, upstream: Upstream) -> None:
    """It is the failure that one text has, with the attempts of all parts."""
    upstream.calling = lambda _: "{"
    problem = failed(
        *(client, _TEXT, _ITEMS, 422, "extraction_failed"), model=_MODEL, max_attempts=1
    )
    assert len({attempt["part"] for attempt in problem["attempts"]}) == len(upstream.requests) > 2


def test_what_is_merged_must_be_valid(client: FlaskClient, upstream: Upstream) -> None:
    """A field that the schema requires and no part has is a failure, not data without it."""
    upstream.calling = honest
    text = _TEXT.replace("Shop", "Store")
    problem = failed(client, text, _ITEMS, 422, "extraction_failed", model=_MODEL)
    assert [(i["path"], i["code"]) for i in problem["issues"]] == [(["shop"], "required")]
    assert len(problem["candidate"]["items"]) == _COUNT


def test_some_parts_at_a_time(client: FlaskClient, upstream: Upstream) -> None:
    """No more than four are asked about at once, and more than one."""
    upstream.calling = honest
    most = 0

    def watch(model: str, call: int) -> None:
        nonlocal most
        most = max(most, upstream.open + 1)

    upstream.told = watch
    extract(client, _TEXT * 2, _ITEMS, model="openai/slow-0.1-tool-1")
    assert len(upstream.requests) > 4
    assert 2 <= most <= 4


def test_a_schema_that_leaves_no_room(client: FlaskClient, upstream: Upstream) -> None:
    """Where the schema alone fills the window that is said, and nobody is asked."""
    wide = {f"field_{n}": {"type": "string", "description": "of it " * 9} for n in range(400)}
    schema = {"type": "object", "properties": wide}
    problem = failed(client, _TEXT, schema, 422, "invalid_request", model=_MODEL)
    assert "schema" in problem["errors"]
    assert upstream.requests == []
