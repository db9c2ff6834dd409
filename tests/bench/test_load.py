"""The callers against the stand-in: what was sent is what is counted, and a loss is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import gevent
import pytest

from bench.load import leave, load, waiting
from bench.servers import STAND_IN
from bench.serving import Running, started


@pytest.fixture(scope="module")
def stand_in() -> Iterator[Running]:
    with started(STAND_IN) as running:
        yield running


@pytest.mark.parametrize("model", ["mock-200-0", "mock-20-1000"])
def test_the_callers_count_what_was_sent(stand_in: Running, model: str) -> None:
    """Tokens that 10 callers report are those that the stand-in counted, with a first for each."""
    before = stand_in.stats()["tokens"]
    report = load(stand_in.target, model, callers=10, turns=30)
    assert report.faults == {}
    assert report.tokens == 30 * int(model.split("-")[1])
    assert report.tokens == stand_in.stats()["tokens"] - before
    assert len(report.firsts) == 30


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("mock-199-0", "199 tokens of 200"),
        ("mock-201-0", "201 tokens of 200"),
        ("mock-x-0", "closed before the stream's end"),
    ],
)
def test_a_loss_is_a_fault(stand_in: Running, sent: str, said: str) -> None:
    """A token too few or too many, or a stream that is cut, is a fault for each turn."""
    target = replace(stand_in.target, request=lambda _: stand_in.target.request(sent))
    faults = load(target, "mock-200-0", callers=2, turns=6).faults
    assert sum(faults.values()) == 6
    assert all(said in fault for fault in faults)


def test_a_stream_without_its_ending_is_a_fault(stand_in: Running) -> None:
    """All tokens and no word of the end is not a whole answer."""
    target = replace(stand_in.target, ending=b"event: done")
    faults = load(target, "mock-5-0", callers=1, turns=1).faults
    assert faults == {"mock-5-0: the stream did not say how it ended": 1}


def test_the_stand_in_sees_a_client_leave(stand_in: Running) -> None:
    """A silent stream stays open until its client closes, and it is told when that was."""
    names = ["silent-a", "silent-b"]
    with gevent.Timeout(30), waiting(stand_in.target, names) as (first, _):
        while stand_in.stats()["open"] < 2:
            pass
        left = leave(first)
        while "silent-a" not in (stats := stand_in.stats())["closed"]:
            pass
        assert stats["open"] == 1
        assert 0 <= stats["closed"]["silent-a"] - left < 5
        assert "silent-b" not in stats["closed"]
