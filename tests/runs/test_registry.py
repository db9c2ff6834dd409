"""The runs of a worker: admitted, found by their owners, and forgotten in time."""

from __future__ import annotations

import gevent
import pytest

from app.errors import ShuttingDown, Unavailable
from app.runs.registry import House, Runs
from app.runs.run import Run
from tests.runs.scripted import Script, said


def started(runs: Runs, script: Script, run_id: str = "run_1") -> Script:
    script.run.id = run_id
    with runs.place() as start:
        start(script.run, script)
    return script


def ended(script: Script) -> None:
    while not script.run.ended:
        gevent.sleep(0)
    gevent.sleep(0)


def test_only_the_owner_finds_a_run() -> None:
    """Somebody else's run and one that never was are the same to the caller."""
    runs = Runs(House())
    script = started(runs, Script([said("a")]))
    assert runs.find("ada", "run_1") is script.run
    assert runs.find("eve", "run_1") is None
    assert runs.find("ada", "run_2") is None


@pytest.mark.parametrize(
    ("house", "kept"),
    [(House(), True), (House(kept_seconds=-1.0), False), (House(kept_bytes=100), False)],
)
def test_an_ended_run_is_kept_and_then_forgotten(house: House, kept: bool) -> None:
    """A log stays for as long and as large as the house allows; one that runs on stays anyhow."""
    runs = Runs(house)
    running = started(runs, Script([None]), "run_2")
    over = started(runs, Script([said("a")]))
    ended(over)
    assert (runs.find("ada", "run_1") is over.run) is kept
    assert runs.find("ada", "run_2") is running.run
    running.go_on.set()


def test_the_oldest_are_forgotten_first() -> None:
    """Logs that grow over the limit push out those that ended before them."""
    runs = Runs(House(kept_bytes=10_000))
    for number in range(20):
        ended(started(runs, Script([said("a")]), f"run_{number}"))
    found = [runs.find("ada", f"run_{number}") is not None for number in range(20)]
    assert found == sorted(found)
    assert found[-1]
    assert not found[0]


def test_a_full_house_admits_nobody() -> None:
    """Over the limit a run is refused before anything has happened, until another ends."""
    runs = Runs(House(open_runs=2))
    first = started(runs, Script([None]), "run_1")
    second = started(runs, Script([None]), "run_2")
    with pytest.raises(Unavailable) as caught:
        started(runs, Script([]), "run_3")
    assert caught.value.retry_after
    first.go_on.set()
    ended(first)
    ended(started(runs, Script([]), "run_4"))
    second.go_on.set()


def test_a_place_that_is_not_used_is_given_back() -> None:
    """What breaks between the asking and the start costs nobody a place."""
    runs = Runs(House(open_runs=1))
    for _ in range(3):
        with pytest.raises(LookupError), runs.place():
            raise LookupError
    ended(started(runs, Script([])))


def test_a_conversations_runs_are_stopped() -> None:
    """All that runs in one conversation is stopped, and nothing in another."""
    runs, other = Runs(House()), Script([None])
    other.run.conversation_id = "conv_2"
    one = started(runs, Script([None]))
    started(runs, other, "run_2")
    gevent.sleep(0)
    runs.stop_all("conv_1")
    assert one.stored.wait(1)
    assert (one.interrupted, other.interrupted) == (["stopped"], [])
    other.go_on.set()
    ended(other)
    assert other.interrupted == []


def test_a_shutdown_waits_and_then_ends_them_all() -> None:
    """Nothing new is admitted, what ends in time ends whole, and the rest is told why."""
    runs = Runs(House())
    quick, endless = started(runs, Script([None]), "run_1"), started(runs, Script([None]), "run_2")
    gevent.spawn_later(0.02, quick.go_on.set)
    job = gevent.spawn(runs.drain, 0.1)
    gevent.sleep(0.01)
    assert runs.closing
    with pytest.raises(ShuttingDown):
        started(runs, Script([]), "run_3")
    job.get()
    assert (quick.interrupted, endless.interrupted) == ([], ["shutting_down"])
    assert endless.run.ended


def test_a_run_of_long_ago_is_read_like_any_other() -> None:
    """A log that was made again from storage has ended and is all there."""
    script = Script([said("ab")])
    script.start().join()
    run = Run.replayed("run_1", "ada", "conv_1", script.run.events)
    assert (run.ended, run.events) == (True, script.run.events)
