"""What an extraction costs in CPU beside the provider's call itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.accounts import Account
from app.services import Services
from app.services.extraction.prompting import Piece, Prompt
from app.services.extraction.request import Request
from app.services.models import Model
from tests.blueprints.extracting import INVOICE, TRUTH
from tests.blueprints.shared import against, application
from tests.upstream import Upstream
from tests.upstream.answers import Call

_TEXT = (INVOICE + "Our terms of sale apply to all that we deliver. " * 40)[:2_048]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    said = json.dumps(TRUTH)
    pieces = [said[at : at + 4] for at in range(0, len(said), 4)]
    with Upstream(calling=lambda _: Call("extract", pieces)) as server:
        yield server


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Services]:
    asked = {**against(upstream), "first_byte_timeout": 15.0, "read_timeout": 15.0}
    with application(tmp_path_factory.mktemp("overhead"), **asked) as made:
        yield made.extensions["parley"]


def milliseconds(work: Callable[[], object], times: int) -> float:
    """CPU of the process for one, the stand-in's own included."""
    work()
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1_000


def overhead(services: Services, times: int) -> float:
    """Of an extraction with one attempt over the bare stream of the same answer; 2 KB of text."""
    provider = services.providers["openai"]
    prompt = Prompt(services.extraction.targets.find("invoice"), Piece(_TEXT), None)
    bare = prompt.request(Model(provider, "tool-1"))
    asked = Request(text=_TEXT, schema="invoice", model="openai/tool-1")
    account = Account(owner="ada")
    result = services.extraction.extract(account, asked)
    assert len(result.attempts) == 1
    whole = milliseconds(lambda: services.extraction.extract(account, asked), times)
    return whole - milliseconds(lambda: list(provider.stream(bare)), times)


def test_it_costs_little(services: Services, tmp_path: Path) -> None:
    """Three times the goal at most, on however busy a machine."""
    assert min(overhead(services, 20) for _ in range(2)) < 30


@pytest.mark.prove
def test_ten_milliseconds(services: Services) -> None:
    """The goal itself, over 100 extractions."""
    assert min(overhead(services, 100) for _ in range(3)) <= 10
