"""Many workers as one: a run is followed anywhere, and nobody notices a dead one."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import gevent
import pytest
import requests
from gevent.pool import Pool

from tests.cluster.redis_server import RedisServer
from tests.cluster.redis_server import running as redis_running
from tests.server.callers import STREAM, Caller, get, until
from tests.server.fleet import Followed, fleet, kill_workers, stored
from tests.server.process import Server
from tests.upstream import Upstream

Quote = Callable[[str], None]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, upstream: Upstream, redis_server: RedisServer
) -> Iterator[list[Server]]:
    """Three, of which each test must leave all alive."""
    settings = {"OPENAI_BASE_URL": f"{upstream.url}/v1", "REDIS_URL": redis_server.url}
    with fleet(tmp_path_factory.mktemp("fleet"), 3, settings) as started:
        yield started


@pytest.fixture
def two(tmp_path: Path, upstream: Upstream, redis_server: RedisServer) -> Iterator[list[Server]]:
    """Two that a test may do to what it likes."""
    settings = {
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "REDIS_URL": redis_server.url,
        "REDIS_PREFIX": "two",
        "DRAIN_TIMEOUT": "3",
        "BUDGET_DAY_USD": "100",
        "MODEL_PRICES": '{"openai/*": {"input": "1", "output": "1"}}',
    }
    with fleet(tmp_path, 2, settings) as started:
        yield started


def test_three_readers_on_three_workers(servers: list[Server]) -> None:
    """They get identical bytes, while the run goes on and when it has ended."""
    stream = Followed.asked(servers[0], "openai/mock-40-20000")
    readers = [Followed(stream.run_id) for _ in servers]
    following = [reader.following(server) for reader, server in zip(readers, servers, strict=True)]
    gevent.joinall(following, raise_error=True)
    later = [Followed(stream.run_id).follow(server) for server in servers]
    assert len({reader.log for reader in [*readers, *later]}) == 1
    assert readers[0].text == "".join(f"t{n} " for n in range(40))
    assert readers[0].end[0] == "done"


@pytest.mark.parametrize("resumes", [20, pytest.param(500, marks=pytest.mark.prove)])
def test_resumed_on_a_random_worker(servers: list[Server], resumes: int, quote: Quote) -> None:
    """Cut at random bytes and resumed wherever, a stream has the bytes of one that nobody cut."""
    random_ = random.Random(resumes)

    def resume(_: int) -> int:
        stream = Followed.asked(random_.choice(servers), "openai/mock-30-10000")
        cuts = random_.choice([1, 2, 3])
        for _ in range(cuts):
            stream.follow(random_.choice(servers), random_.randrange(1, 800))
        stream.follow(random_.choice(servers))
        whole = Followed(stream.run_id).follow(random_.choice(servers))
        assert stream.log == whole.log
        assert stream.text == "".join(f"t{n} " for n in range(30))
        assert stream.end[0] == "done"
        return cuts

    cuts = sum(Pool(20).imap_unordered(resume, range(resumes // 2)))
    quote(f"{cuts} resumes on a random worker of three: bytes equal")


def test_a_stop_on_another_worker(servers: list[Server], upstream: Upstream) -> None:
    """It has ended the run when it answers, and a second one changes nothing."""
    stream = Followed.asked(servers[0], "openai/mock-1000-20000")
    follower = Followed(stream.run_id).following(servers[2])
    gevent.sleep(0.3)
    answers = [
        requests.post(f"{servers[1].url}/api/runs/{stream.run_id}/stop", timeout=30).json()
        for _ in range(2)
    ]
    assert [answer["state"] for answer in answers] == ["stopped", "stopped"]
    ended = follower.get(timeout=10)
    assert ended.end[1]["finish_reason"] == "stopped"
    assert stored(servers[2], ended.events[0][1]["conversation_id"])[-1]["content"] == ended.text
    until(lambda: upstream.open == 0)


def test_a_key_makes_one_run_on_many_workers(servers: list[Server], upstream: Upstream) -> None:
    """Twenty posts with one Idempotency-Key, to three workers at once: one call, one answer."""
    before = len(upstream.requests)
    body = {"message": "once", "model": "openai/mock-20-10000", "on_disconnect": "finish"}

    def post(number: int) -> str:
        headers = {"Idempotency-Key": "the-same"}
        with Caller(servers[number % 3], STREAM, body, headers) as caller:
            assert caller.answer.status == 200, caller.read()
            return caller.read().replace(b": hb\n", b"").decode()

    answers = set(Pool(20).map(post, range(20)))
    assert len(answers) == 1
    assert len(upstream.requests) == before + 1


@pytest.mark.parametrize("streams", [8, pytest.param(100, marks=pytest.mark.prove)])
def test_a_worker_that_dies(two: list[Server], streams: int, quote: Quote) -> None:
    """By SIGKILL in the middle: who reads elsewhere gets a typed end in 15 s, at most 250 ms of
    text is lost, nothing stays running or held, and the conversation goes on.
    """
    dying, living = two
    runs = [Followed.asked(dying, "openai/mock-2000-50000") for _ in range(streams)]
    followers = [Followed(run.run_id).following(living) for run in runs]
    gevent.sleep(2)
    local = [Caller(dying, f"/api/runs/{run.run_id}/events") for run in runs]
    gevent.sleep(1)
    killed = time.monotonic()
    kill_workers(dying)
    lost = []
    for own, follower in zip(local, followers, strict=True):
        seen = Followed()
        with own:
            seen.take(_rest(own))
        ended = follower.get(timeout=20)
        name, problem = ended.end
        assert (name, problem["code"], problem["retryable"]) == ("error", "interrupted", True)
        kept = stored(living, ended.events[0][1]["conversation_id"])[-1]
        assert (kept["content"], kept["status"]) == (ended.text, "incomplete")
        assert seen.text.startswith(ended.text)
        lost.append(len(seen.text.split()) - len(ended.text.split()))
    took = time.monotonic() - killed
    quote(
        f"{streams} runs ended typed {took:.1f} s after SIGKILL, {max(lost) * 50} ms lost at most"
    )
    assert took < 15
    assert max(lost) <= 5
    states = {json.loads(get(living, f"/api/runs/{run.run_id}"))["state"] for run in runs}
    assert states == {"interrupted"}
    conversation_id = json.loads(get(living, f"/api/runs/{runs[0].run_id}"))["conversation_id"]
    again = Followed.asked(living, "openai/mock-3", conversation_id=conversation_id)
    assert again.follow(living).end[0] == "done"


def _rest(caller: Caller) -> bytes:
    """What comes until the connection breaks."""
    read = b""
    with suppress(OSError, HTTPException):
        while more := caller.answer.read1(65_536):
            read += more
    return read


def test_a_deploy(two: list[Server]) -> None:
    """SIGTERM: not ready, no new runs; what fits in the drain time ends whole, the rest typed; and
    who follows another worker's run there goes on elsewhere.
    """
    leaving, staying = two
    short = Followed.asked(leaving, "openai/mock-40-40000").following(leaving)
    long = Followed.asked(leaving, "openai/mock-2000-50000")
    followed = Followed(long.run_id).following(staying)
    abroad = Followed.asked(staying, "openai/mock-100-50000")
    guest = abroad.following(leaving)
    gevent.sleep(0.5)
    leaving.process.send_signal(signal.SIGTERM)
    assert short.get(timeout=10).end[0] == "done"
    name, problem = followed.get(timeout=10).end
    assert (name, problem["code"], problem["retryable"]) == ("error", "shutting_down", True)
    guest.get(timeout=10)
    assert "error" not in dict(abroad.events)
    assert abroad.follow(staying).end[0] == "done"
    assert abroad.text == "".join(f"t{n} " for n in range(100))
    assert leaving.process.wait(timeout=20) == 0


@pytest.mark.parametrize(
    ("seconds", "streams"), [(2, 10), pytest.param(20, 100, marks=pytest.mark.prove)]
)
def test_redis_freezes(
    servers: list[Server], redis_server: RedisServer, seconds: int, streams: int, quote: Quote
) -> None:
    """No stream loses a token or stands still, no request hangs over a second, and it heals."""
    tokens = seconds * 10 + 40
    model = f"openai/mock-{tokens}-100000"
    own = [
        gevent.spawn(_timed, servers[0], {"message": "hi", "model": model}) for _ in range(streams)
    ]
    elsewhere = Followed.asked(servers[0], model)
    follower = Followed(elsewhere.run_id).following(servers[1])
    gevent.sleep(1)
    redis_server.freeze()
    slowest = 0.0
    try:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            began = time.monotonic()
            answer = requests.post(
                f"{servers[2].url}/api/chat",
                json={"message": "hi", "model": "openai/mock-3"},
                timeout=30,
            )
            slowest = max(slowest, time.monotonic() - began)
            assert answer.status_code == 200
            gevent.sleep(0.1)
    finally:
        redis_server.thaw()
    for stream in own:
        text, gap = stream.get(timeout=seconds + 30)
        assert text == "".join(f"t{n} " for n in range(tokens))
        assert gap < 1
    whole = follower.get(timeout=60)
    assert (whole.text, whole.end[0]) == ("".join(f"t{n} " for n in range(tokens)), "done")
    assert slowest < 1
    quote(f"Redis frozen for {seconds} s: the slowest request took {slowest * 1000:.0f} ms")
    until(lambda: Followed.asked(servers[0], "openai/mock-3").follow(servers[1]).end, 10)


def _timed(server: Server, body: dict[str, str]) -> tuple[str, float]:
    """An answer's text, and the longest that nothing came."""
    stream, gap = Followed(), 0.0
    with Caller(server, STREAM, body) as caller:
        last = time.monotonic()
        read = b""
        while more := caller.answer.read1(65_536):
            gap, last = max(gap, time.monotonic() - last), time.monotonic()
            read += more
    stream.take(read)
    return stream.text, gap
