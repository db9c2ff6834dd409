"""A run that is generated at one worker is followed, resumed and stopped at another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import gevent
import pytest
import redis
from gevent import get_hub

from app.cluster.connection import RedisAway
from app.errors import WorkerLost
from app.events import Event, Failure, TextDelta
from app.runs.mirror import Mirror
from app.runs.reader import Reader
from app.runs.shared_log import Batch
from tests.cluster.redis_server import RedisServer, running
from tests.runs.scripted import Script, end, said
from tests.runs.workers import Worker, read, reading, working


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture
def here(server: RedisServer) -> Iterator[Worker]:
    with working(server.url, "here") as worker:
        yield worker


@pytest.fixture
def there(server: RedisServer) -> Iterator[Worker]:
    with working(server.url, "there") as worker:
        yield worker


@pytest.fixture(autouse=True)
def clean(server: RedisServer) -> Iterator[None]:
    yield
    server.flush()


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.01)


def test_a_run_is_followed_elsewhere(here: Worker, there: Worker) -> None:
    """Two readers at another worker, from the first event and from a later one, miss nothing."""
    script = Script([said("one "), None, said("two "), None, said("three")])
    run = here.play(script)
    mirror = there.mirror(run, here)
    readers = [reading(mirror), reading(mirror, 3)]
    until(lambda: len(mirror.events) == 4)
    script.go_on.set()
    for reader in gevent.joinall(readers, timeout=10):
        assert reader.value is not None
    assert readers[0].value == run.events
    assert readers[1].value == run.events[3:]


def test_a_log_that_has_ended_is_followed_to_its_end(here: Worker, there: Worker) -> None:
    """Whoever comes after the end, but heard of the run before it, gets the whole log."""
    run = here.play(Script([said("all of it")], "finish"))
    until(lambda: run.ended)
    assert read(there.mirror(run, here)) == run.events


def test_a_stop_from_elsewhere(here: Worker, there: Worker) -> None:
    """A stop at another worker ends the run, and its readers everywhere see the same end."""
    script = Script([said("so far"), None])
    run = here.play(script)
    mirror = there.mirror(run, here)
    followed, own = reading(mirror), reading(run)
    until(lambda: len(mirror.events) == 6)
    mirror.stop()
    gevent.joinall([followed, own], timeout=10)
    assert followed.value == own.value == [*said("so far"), end("stopped")]
    assert script.interrupted == ["stopped"]


def test_who_leaves_from_a_callback_of_the_loop(here: Worker, there: Worker) -> None:
    """A connection that is gone is noticed where nobody may wait; the run hears of it as well. Who
    comes back in that moment is a reader again.
    """
    run = here.play(Script([said("a"), None], on_disconnect="cancel"))
    own = Reader(run)
    mirror = there.mirror(run, here)
    assert isinstance(mirror, Mirror)
    first = Reader(mirror)
    until(lambda: here.sharing._visitors._present)
    get_hub().loop.run_callback(first.close)
    until(lambda: not here.sharing._visitors._present)
    second = Reader(mirror)
    until(lambda: here.sharing._visitors._present)
    [before] = here.sharing._visitors._present.values()
    get_hub().loop.run_callback(second.close)
    until(lambda: not mirror.read)
    third = Reader(mirror)
    until(lambda: before not in here.sharing._visitors._present.values())
    until(lambda: here.sharing._visitors._present)
    own.close()
    gevent.sleep(0.2)
    assert not run.ended
    third.close()
    until(lambda: run.ended)


def test_a_reader_elsewhere_is_a_reader(here: Worker, there: Worker) -> None:
    """A run that is cancelled without readers goes on for one elsewhere, and ends with it."""
    script = Script([said("a"), None], on_disconnect="cancel")
    run = here.play(script)
    own = Reader(run)
    followed = Reader(there.mirror(run, here))
    until(lambda: here.sharing._visitors._present)
    own.close()
    gevent.sleep(0.2)
    assert not script.interrupted
    followed.close()
    until(lambda: run.ended)
    assert script.interrupted == ["client_gone"]


def test_who_comes_before_the_run(here: Worker, there: Worker) -> None:
    """A reader elsewhere may hear of a run before it is there; it counts from its start on."""
    script = Script([said("a"), None], on_disconnect="cancel")
    followed = Reader(there.mirror(script.run, here))
    until(lambda: here.sharing._visitors._early)
    run = here.play(script)
    own = Reader(run)
    own.close()
    gevent.sleep(0.2)
    assert not script.interrupted
    followed.close()
    until(lambda: run.ended)


def test_readers_of_a_dead_worker_are_gone(here: Worker, there: Worker) -> None:
    """A worker that dies without a word is missed, and its readers count no more."""
    script = Script([said("a"), None], on_disconnect="cancel")
    run = here.play(script)
    reader = Reader(there.mirror(run, here))
    until(lambda: here.sharing._visitors._present)
    there.die()
    until(lambda: run.ended, 15)
    assert script.interrupted == ["client_gone"]
    assert here.gone == ["there"]
    reader.close()


def test_redis_loses_everything(server: RedisServer, here: Worker, there: Worker) -> None:
    """The log is written again from memory, and a reader elsewhere goes on without a gap."""
    script = Script([said("before "), None, said("after")])
    run = here.play(script)
    mirror = there.mirror(run, here)
    follower = reading(mirror)
    until(lambda: len(mirror.events) == 7)
    server.flush()
    script.go_on.set()
    follower.join(timeout=10)
    assert follower.value == run.events
    assert read(there.mirror(run, here)) == run.events


def test_redis_is_frozen(server: RedisServer, here: Worker, there: Worker) -> None:
    """The run's own reader loses no time and no token; one elsewhere gets all when it is back."""
    script = Script([said("before "), None, said("while"), None, said("after")])
    run = here.play(script)
    mirror = there.mirror(run, here)
    follower = reading(mirror)
    until(lambda: len(mirror.events) == 7)
    server.freeze()
    try:
        began = time.monotonic()
        script.go_on.set()
        assert read(run) == run.events
        assert time.monotonic() - began < 1
        with pytest.raises(RedisAway):
            there.sharing.bus.tell("here", "", {})
    finally:
        server.thaw()
    follower.join(timeout=15)
    assert follower.value == run.events
    assert here.gone == there.gone == []


def test_redis_is_restarted(server: RedisServer, here: Worker, there: Worker) -> None:
    """It comes back empty; what runs is there again, and whoever follows it gets the rest."""
    script = Script([said("before "), None, said("after")])
    run = here.play(script)
    mirror = there.mirror(run, here)
    follower = reading(mirror)
    until(lambda: len(mirror.events) == 7)
    server.stop()
    until(lambda: not here.sharing.connection.up)
    script.go_on.set()
    until(lambda: run.ended)
    server.start()
    follower.join(timeout=15)
    assert follower.value == run.events


def test_nothing_follows_an_end(here: Worker) -> None:
    """A worker that was taken for dead cannot add to a log that another one has ended."""
    logs, gone = here.sharing.logs, Failure(WorkerLost().problem())
    logs.add([Batch("run_2", 0, said("ab"), opens=True)])
    assert logs.add([Batch("run_2", 2, [gone], opens=False)]) == ["added"]
    assert logs.add([Batch("run_2", 2, said("cd"), opens=False)]) == ["closed"]
    assert logs.read("run_2") == [*said("ab"), gone]


def test_a_word_goes_out_at_once_and_others_together(server: RedisServer, here: Worker) -> None:
    """The first word is in Redis within moments; a hundred that follow take few writes."""
    words: list[list[Event] | None] = [[TextDelta(f"{n} ")] for n in range(100)]
    script = Script([*words[:1], None, *words[1:]])
    run = here.play(script)
    until(lambda: here.sharing.logs.read(run.id), 1)
    with server.client() as client:
        before = _writes(client)
        script.go_on.set()
        until(lambda: run.ended)
        until(lambda: here.sharing.logs.read(run.id) == run.events)
        assert _writes(client) - before <= 4


def test_everything_expires(server: RedisServer, here: Worker, there: Worker) -> None:
    """No key stays for ever: not of a run, nor of a worker, nor of what was said."""
    run = here.play(Script([said("all")], "finish"))
    read(there.mirror(run, here))
    there.sharing.bus.announce("news", {})
    with server.client() as client:
        keys = sorted(client.scan_iter())
        assert {b":".join(key.split(b":")[:2]) for key in keys} >= {
            b"test:inbox",
            b"test:lease",
            b"test:news",
            b"test:run",
            b"test:workers",
        }
        assert [key for key in keys if client.ttl(key) < 0] == []


def _writes(client: redis.Redis) -> int:
    stats = client.info("commandstats")
    return int(stats["cmdstat_xadd"]["calls"])
