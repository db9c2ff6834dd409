"""Two instances of Parley behind nginx as deploy/nginx.conf has it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests

from app.config import Config
from tests.deploy.front import address, before
from tests.server.process import Server, serving
from tests.server.test_leaving import last_run, post, until

# The demo model repeats what it is told.
_LONG = {"message": "take your time " * 100}


class House:
    """`front` is nginx, `instances` what stands behind it, each with a database of its own."""

    def __init__(self, front: Server, instances: list[Server]) -> None:
        self.front, self.instances = front, instances

    def ask(self, **body: Any) -> requests.Response:
        return requests.post(
            f"{self.front.url}/api/chat", json={"message": "hi", **body}, timeout=30
        )


@contextmanager
def house(folder: Path, **extra: str) -> Iterator[House]:
    with ExitStack() as stack:
        folders = [folder / name for name in ("one", "other", "nginx")]
        for it in folders:
            it.mkdir()
        # Each takes its time to start, so they do it side by side.
        jobs = [gevent.spawn(stack.enter_context, serving(it, **extra)) for it in folders[:2]]
        pair = [job.get() for job in jobs]
        front = stack.enter_context(before(folders[2], *map(address, pair)))
        yield House(front, pair)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("pair"), DEMO_TOKENS_PER_SECOND="25") as it:
        yield it


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[House]:
    """A house whose instances may be killed; their models are slow."""
    with house(tmp_path, DEMO_TOKENS_PER_SECOND="10") as it:
        yield it


def kill(instance: Server) -> None:
    """Without a word, as a machine goes."""
    os.killpg(instance.process.pid, signal.SIGKILL)
    instance.process.wait(timeout=10)


def conversations(instance: Server) -> int:
    return len(requests.get(f"{instance.url}/api/conversations", timeout=5).json()["conversations"])


def test_tokens_arrive_one_by_one(pair: House) -> None:
    """Each token is passed on as it comes."""
    arrivals: list[float] = []
    body = {"message": "one by one", "max_output_tokens": 20}
    with requests.post(
        f"{pair.front.url}/api/chat/stream", json=body, stream=True, timeout=20
    ) as answer:
        for line in answer.iter_lines(chunk_size=1):
            if line == b"event: delta":
                arrivals.append(time.monotonic())
    assert len(arrivals) == 20
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    # At 25 tokens a second a gap is 40 ms; what is buffered comes with no gaps at all.
    assert sum(gap > 0.01 for gap in gaps) >= 15


def test_both_instances_work(pair: House) -> None:
    """Streams that are open at the same time are shared out."""
    had = [conversations(it) for it in pair.instances]
    url = f"{pair.front.url}/api/chat/stream"
    jobs = [gevent.spawn(requests.post, url, json=_LONG, timeout=60) for _ in range(10)]
    until(lambda: sum(map(conversations, pair.instances)) == sum(had) + 10, seconds=20)
    got = [conversations(it) - before for it, before in zip(pair.instances, had, strict=True)]
    assert min(got) >= 3
    gevent.killall(jobs)


def test_who_leaves_nginx_leaves_parley(pair: House) -> None:
    """A caller that closes its connection to nginx ends its run at once."""
    had = [conversations(it) for it in pair.instances]
    caller = post(pair.front, "/api/chat/stream", _LONG)
    until(lambda: [conversations(it) for it in pair.instances] != had)
    (its,) = [
        it for it, before in zip(pair.instances, had, strict=True) if conversations(it) != before
    ]
    caller.close()
    until(lambda: last_run(its)["role"] == "assistant")
    assert last_run(its)["finish_reason"] == "stopped"


def test_the_largest_body_passes(pair: House) -> None:
    """What Parley takes is not too much for nginx, and what is a little more Parley refuses."""
    size = Config().max_chat_bytes
    for length, status in ((size, 400), (size + 1, 413)):
        answer = _posted(pair, b"?" * length)
        assert answer.status_code == status
        assert "X-Request-ID" in answer.headers


def test_nginx_refuses_in_the_same_form(pair: House) -> None:
    """A body that is too large even for nginx is refused with a problem document."""
    answer = _posted(pair, b"?" * 13_000_000)
    assert "X-Request-ID" not in answer.headers
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def _posted(pair: House, body: bytes) -> requests.Response:
    return requests.post(
        f"{pair.front.url}/api/chat",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )


def test_a_dead_instance_is_not_missed(mortal: House) -> None:
    """Posts go to the instance that lives; that one cannot be reached is nobody's trouble."""
    kill(mortal.instances[0])
    answers = [mortal.ask(max_output_tokens=1) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 10
    assert conversations(mortal.instances[1]) == 10


def test_a_post_is_not_repeated(mortal: House) -> None:
    """What an instance had received when it died is not sent to the other; the caller is told."""
    jobs = [gevent.spawn(mortal.ask) for _ in range(2)]
    until(lambda: [conversations(it) for it in mortal.instances] == [1, 1])
    kill(mortal.instances[0])
    answers = {job.get(timeout=30).status_code: job.get() for job in jobs}
    assert set(answers) == {200, 503}
    problem = answers[503].json()
    assert answers[503].headers["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["retryable"]) == ("unavailable", True)
    assert conversations(mortal.instances[1]) == 1


def test_a_stream_of_a_dead_instance_ends(mortal: House) -> None:
    """Who was reading from it sees at once that this is no ending; the other stream has one."""
    streams = [_Stream(mortal) for _ in mortal.instances]
    for it in streams:
        it.read_until(b"event: delta")
    kill(mortal.instances[0])
    ends = [it.read_until(b"event: done") for it in streams]
    assert sorted(ends) == [False, True]
    for it in streams:
        it.answer.close()


class _Stream:
    """One caller, who reads as far as it is told."""

    def __init__(self, asked: House) -> None:
        url, body = f"{asked.front.url}/api/chat/stream", {"message": "hi"}
        self.answer = requests.post(url, json=body, stream=True, timeout=30)
        self._lines = self.answer.iter_lines(chunk_size=1)

    def read_until(self, line: bytes) -> bool:
        """False where the answer is cut off before it."""
        try:
            return line in self._lines
        except requests.exceptions.ChunkedEncodingError:
            return False
