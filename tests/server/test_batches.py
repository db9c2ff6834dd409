"""Batches over real sockets: lines come as documents finish, and who leaves frees the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gevent
import pytest
from sqlalchemy import func, select

from app.storage.database import connect
from app.storage.tables import calls
from tests.server.callers import Caller, until
from tests.server.process import Server, serving
from tests.upstream import Upstream

_BATCH = "/api/extract/batch"


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("batches")
    with serving(folder, OPENAI_BASE_URL=f"{upstream.url}/v1") as it:
        yield it


@pytest.fixture(autouse=True)
def quiet(upstream: Upstream) -> None:
    upstream.reset()


def body(model: str, count: int) -> dict[str, Any]:
    documents = [{"id": str(number), "text": f"Document {number}."} for number in range(count)]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"documents": documents, "schema": schema, "model": f"openai/{model}"}


def states(server: Server) -> dict[str, int]:
    """The calls in the ledger, by their state."""
    with closing(connect(f"sqlite:///{server.log.parent}/parley.db")) as database:
        query = select(calls.c.state, func.count()).group_by(calls.c.state)
        return {row[0]: row[1] for row in database.read(lambda tx: tx.execute(query).all())}


def test_lines_come_as_documents_finish(server: Server) -> None:
    """Of what waits for the model the head and first byte are there; lines follow one by one."""
    with Caller(server, _BATCH, body("slow-0.3-tool-1", 8)) as caller:
        assert caller.answer.getheader("Content-Type") == "application/x-ndjson"
        assert caller.read(1) == b" "
        first = caller.read_until(b"\n")
        assert b"totals" not in first
        rest = (first + caller.read()).splitlines()
    assert len(rest) == 9
    assert json.loads(rest[-1])["totals"]["ok"] == 8


@pytest.mark.parametrize("model", ["silent-0", "stall-2", "mock-1000-20000"])
def test_leaving_frees_the_models(server: Server, upstream: Upstream, model: str) -> None:
    """Who leaves ends the four calls under way, which are booked, and begins no other."""
    before = states(server)
    caller = Caller(server, _BATCH, body(model, 9))
    until(lambda: upstream.open == 4)
    gevent.sleep(0.1)
    caller.leave()
    assert until(lambda: upstream.open == 0) < 1.0
    until(lambda: states(server).get("open", 0) == 0)
    after = states(server)
    assert sum(after.values()) == sum(before.values()) + 4
    assert len(upstream.requests) == 4
