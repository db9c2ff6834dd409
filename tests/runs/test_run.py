"""One writer, many readers, and every way to stop."""

from __future__ import annotations

from collections.abc import Sequence

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Event, TextDelta
from app.runs.reader import Reader
from app.runs.run import Interrupted, Run
from tests.properties import examples
from tests.runs.scripted import Script, end, said

_batches = st.lists(st.text("abc", min_size=1, max_size=4).map(said), max_size=8)
_readers = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), min_size=1, max_size=6)


def read(run: Run, after: int = 0, late: int = 0) -> list[Event]:
    """What a reader sees that comes `late` rounds of the loop after the start."""
    for _ in range(late):
        gevent.sleep(0)
    reader = Reader(run, after)
    events = [event for batch in reader.follow() for event in batch]
    reader.close()
    return events


@examples(100)
@given(_batches, _readers)
def test_all_readers_see_the_same(
    batches: list[Sequence[Event]], readers: list[tuple[int, int]]
) -> None:
    """Whenever a reader comes and at whatever position, it sees that tail of the one log."""
    script = Script(batches)
    script.start()
    jobs = [gevent.spawn(read, script.run, after, late) for after, late in readers]
    gevent.joinall(jobs, raise_error=True)
    log = [event for batch in batches for event in batch] + [end()]
    assert script.run.events == log
    assert [job.value for job in jobs] == [log[after:] for after, _ in readers]
    assert read(script.run, 1) == log[1:]


def test_silence_is_told() -> None:
    """A reader that waits longer than `idle` gets an empty batch each time, and then the rest."""
    script = Script([said("a"), None, said("b")])
    script.start()
    batches = Reader(script.run).follow(idle=0.01)
    assert [next(batches), next(batches), next(batches)] == [said("a"), (), ()]
    script.go_on.set()
    assert [event for batch in batches for event in batch] == [*said("b"), end()]


def test_stop_before_the_owner_has_begun() -> None:
    """A run that is stopped before its first step never takes it."""
    script = Script([said("abc")])
    script.run.stop()
    script.start().join()
    assert (script.run.events, script.interrupted) == ([end("stopped")], ["stopped"])


@pytest.mark.parametrize("times", [1, 2, 5])
def test_stop_while_the_owner_waits(times: int) -> None:
    """A waiting owner hears the stop at once, and only once however often it is said."""
    script = Script([said("ab"), None, said("c")])
    job = script.start()
    batches = Reader(script.run).follow()
    assert next(batches) == said("ab")
    for _ in range(times):
        script.run.stop()
    assert [event for batch in batches for event in batch] == [end("stopped")]
    job.join()
    assert script.interrupted == ["stopped"]


def test_the_first_cause_counts() -> None:
    """A stop after the client has gone does not change why the run ended."""
    script = Script([None])
    job = script.start()
    gevent.sleep(0)
    script.run.stop("client_gone")
    script.run.stop("stopped")
    job.join()
    assert script.interrupted == ["client_gone"]


def test_stop_after_the_end_changes_nothing() -> None:
    """An ended run stays as it is, and its owner is left alone with whatever it does next."""
    script = Script([said("a")])
    script.start().join()
    script.run.stop()
    with script.run.interruptible():
        gevent.sleep(0.01)
    assert script.run.events == [*said("a"), end()]


def test_stop_while_storing_waits() -> None:
    """An owner that stores what was said is not disturbed, and the run ends whole."""
    script = Script([said("a")])
    script.storing = lambda: gevent.sleep(0.02)
    job = script.start()
    while not script.run.events:
        gevent.sleep(0)
    gevent.sleep(0.005)
    script.run.stop()
    job.join()
    assert script.stored.is_set()
    assert (script.interrupted, script.run.events[-1]) == ([], end())


def test_a_stop_that_comes_too_late_hits_nobody() -> None:
    """Between the asking and the hearing the owner may have finished; it is not thrown at then."""
    run = Run("run_1", "ada", "conv_1", "continue")
    with run.interruptible():
        run.stop()
    gevent.sleep(0.01)
    with pytest.raises(Interrupted), run.interruptible():
        pytest.fail("It began although it was stopped.")


def test_no_library_swallows_a_stop() -> None:
    """A provider's `except Exception` does not catch the interruption."""
    assert not issubclass(Interrupted, Exception)


def waiting(script: Script, readers: int) -> list[Reader]:
    made = [Reader(script.run) for _ in range(readers)]
    script.start()
    while not script.run.events:
        gevent.sleep(0)
    return made


def test_the_last_reader_cancels() -> None:
    """With `cancel` the run ends when nobody reads it any more, and not a reader earlier."""
    script = Script([said("a"), None], "cancel")
    first, second = waiting(script, 2)
    first.close()
    first.close()
    gevent.sleep(0.01)
    assert script.interrupted == []
    second.close()
    assert script.stored.wait(1)
    assert script.interrupted == ["client_gone"]


def test_continue_outlives_its_readers() -> None:
    """With `continue` the run goes on without a reader and can be read whole afterwards."""
    script = Script([said("a"), None, said("b")], "continue")
    (only,) = waiting(script, 1)
    only.close()
    gevent.sleep(0.01)
    assert not script.run.ended
    script.go_on.set()
    assert read(script.run) == [*said("ab"), end()]
    assert script.interrupted == []


def test_nobody_comes_back() -> None:
    """A run that continues is given up when nobody has read it for its time of grace."""
    script = Script([said("a"), None], "continue", grace=0.05)
    (only,) = waiting(script, 1)
    only.close()
    gevent.sleep(0.01)
    assert script.interrupted == []
    assert script.stored.wait(1)
    assert script.interrupted == ["abandoned"]


def test_somebody_comes_back_in_time() -> None:
    """A reader within the time of grace stops the clock, and its leaving starts it anew."""
    script = Script([said("a"), None], "continue", grace=0.05)
    (first,) = waiting(script, 1)
    first.close()
    second = Reader(script.run)
    gevent.sleep(0.1)
    assert script.interrupted == []
    second.close()
    assert script.stored.wait(1)
    assert script.interrupted == ["abandoned"]


def test_finish_needs_no_reader() -> None:
    """With `finish` no time without readers ends the run."""
    script = Script([said("a"), None], "finish", grace=0.01)
    (only,) = waiting(script, 1)
    only.close()
    gevent.sleep(0.05)
    assert script.interrupted == []
    script.go_on.set()
    assert read(script.run) == [*said("a"), end()]


def test_a_closed_reader_is_told() -> None:
    """Closing a reader from another greenlet ends its following at once."""
    script = Script([said("a"), None], "finish")
    (reader,) = waiting(script, 1)
    job = gevent.spawn(lambda: [event for batch in reader.follow() for event in batch])
    gevent.sleep(0.01)
    reader.close()
    assert job.get(timeout=1) == said("a")
    script.go_on.set()


@pytest.mark.parametrize("mode", ["cancel", "continue", "finish"])
def test_leaving_an_ended_run_is_nothing(mode: str) -> None:
    """Closing a reader once or twice after the end leaves the log as it is."""
    script = Script([said("a")], mode)  # type: ignore[arg-type]
    reader = Reader(script.run)
    script.start().join()
    assert [e for batch in reader.follow() for e in batch] == [TextDelta("a"), end()]
    reader.close()
    reader.close()
    gevent.sleep(0)
    assert script.run.events == [TextDelta("a"), end()]
