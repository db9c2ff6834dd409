"""169 scanned receipts through the whole endpoint, with a model that answers the truth or not."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.evidence.locales import locale
from app.schemas.extraction import registry
from tests.blueprints.extracting import documents, extract
from tests.blueprints.shared import against, application
from tests.upstream import Upstream
from tests.upstream.answers import Call

_NUMBER = re.compile(r"[0-9]+(?:,[0-9]{3})*(?:[.][0-9]+)?")
_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "receipts.jsonl.gz"

pytestmark = pytest.mark.skipif(not _DATA.exists(), reason="the receipts are not here")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Flask]:
    asked = {**against(upstream), "first_byte_timeout": 15.0, "read_timeout": 15.0}
    with application(tmp_path_factory.mktemp("receipts"), **asked) as made:
        yield made


@pytest.fixture(scope="module")
def receipts() -> list[dict[str, Any]]:
    with gzip.open(_DATA, "rt") as lines:
        return [json.loads(line) for line in lines]


def answers(
    client: FlaskClient, upstream: Upstream, receipts: list[dict[str, Any]], wrong: str | None
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each receipt with the result where the model says the truth, but for one field."""
    keys = {receipt["text"]: receipt["key"] for receipt in receipts}

    def say(body: dict[str, Any]) -> Call:
        said = dict(keys[next(documents(body))])
        if wrong == "total":
            said["total"] = _another_digit(said["total"])
        elif wrong == "date":
            said["date"] = _another_year(said["date"])
        return Call("extract", [json.dumps(said)])

    upstream.calling = say
    for receipt in receipts:
        sent = {"model": "openai/tool-1", "locale": "en-MY"}
        yield receipt, extract(client, receipt["text"], "receipt", **sent)


def _another_digit(number: str) -> str:
    """With the digit before the point changed: 12.50 becomes 13.50."""
    at = number.index(".") - 1
    return f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}"


def _another_year(day: str) -> str:
    """A year that none of the receipts has anywhere."""
    checked = registry.find()["receipt"].examine({"date": day}, "", locale("en-MY"))
    return f"1987{checked.data['date'][4:]}"


def test_the_truth_is_accepted_where_it_stands(
    client: FlaskClient, upstream: Upstream, receipts: list[dict[str, Any]]
) -> None:
    """All receipts are data at the first attempt, and 642 of 676 values have their place."""
    found: Counter[str] = Counter()
    for receipt, result in answers(client, upstream, receipts, None):
        assert len(result["attempts"]) == 1
        for field in result["fields"]:
            found[field["status"]] += 1
            if field["quote"] is not None:
                assert receipt["text"][field["start"] : field["end"]] == field["quote"]
    assert (found["supported"], found["unsupported"]) == (642, 34)


def test_another_year_is_never_supported(
    client: FlaskClient, upstream: Upstream, receipts: list[dict[str, Any]]
) -> None:
    """With the year changed, of 169 dates none is supported."""
    for _, result in answers(client, upstream, receipts, "date"):
        assert _one(result, "date")["status"] == "unsupported"
        assert _one(result, "date")["confidence"] <= 0.2


def test_another_digit_is_never_supported(
    client: FlaskClient, upstream: Upstream, receipts: list[dict[str, Any]]
) -> None:
    """With a digit changed only those totals are supported that the text has besides."""
    changed: Counter[bool] = Counter()
    for receipt, result in answers(client, upstream, receipts, "total"):
        value = Decimal(str(result["data"]["total"]))
        numbers = [n.replace(",", "") for n in _NUMBER.findall(receipt["text"])]
        besides = value in {Decimal(number) for number in numbers}
        assert (_one(result, "total")["status"] == "supported") == besides
        changed[besides] += 1
    assert changed == {False: 160, True: 9}


def _one(result: dict[str, Any], name: str) -> dict[str, Any]:
    (field,) = [each for each in result["fields"] if each["path"] == [name]]
    return dict(field)
