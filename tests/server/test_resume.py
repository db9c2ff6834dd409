"""Readers that cut themselves off at any byte and come back read what nobody cut."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator

import pytest
from gevent.pool import Pool

from tests.server.callers import STREAM, Caller, get, until
from tests.server.process import Server, serving
from tests.upstream import Upstream

Quote = Callable[[str], None]

# Paced and not, in shreds, with half characters, without usage.
_WELL = [
    "mock-200-0",
    "mock-30-2000",
    "mock-10-15000",
    "drip-8",
    "crlf-20",
    "surrogates-0",
    "bare-12",
]
# Each with one of three bad ends, but of no model so often that it would be left alone.
_MODELS = [
    model
    for count in (9, 10, 11, 12)
    for model in (*_WELL, f"cut-{count}", f"broken-{count}", f"error-{count}")
]
_HEARTBEAT = re.compile(rb"^: hb\n", re.MULTILINE)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module", params=["memory", "storage"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, upstream: Upstream
) -> Iterator[Server]:
    """One that keeps the runs that have ended in memory, one that forgets them at once."""
    kept = {"memory": "600", "storage": "0"}[request.param]
    folder = tmp_path_factory.mktemp("resume")
    with serving(folder, OPENAI_BASE_URL=f"{upstream.url}/v1", REPLAY_SECONDS=kept) as it:
        yield it


class Stream:
    """One answer, read in pieces: `log` is what has arrived of it in whole frames."""

    def __init__(self, server: Server, model: str, random_: random.Random) -> None:
        self.log = b""
        self.cuts = 0
        self._server = server
        self._random = random_
        self._body = {
            "message": "hi",
            "model": f"openai/{model}",
            "on_disconnect": random_.choice(["continue", "finish"]),
        }
        self._key = f"{random_.getrandbits(64):x}"

    def read(self, size: int | None = None) -> None:
        """Read `size` bytes and cut the connection; without a size, to the end."""
        caller = self._open()
        part = _HEARTBEAT.sub(b"", caller.read(size))
        caller.leave(reset=size is not None and self._random.random() < 0.5)
        self.cuts += size is not None
        self.log += part[: part.rfind(b"\n\n") + 2] if b"\n\n" in part else b""

    def _open(self) -> Caller:
        if not self.log:
            # Whoever does not know the run's id yet asks again for what was asked.
            return Caller(self._server, STREAM, self._body, {"Idempotency-Key": self._key})
        return Caller(
            self._server, f"{self.address}/events", headers={"Last-Event-ID": str(self.numbers[-1])}
        )

    @property
    def address(self) -> str:
        return f"/api/runs/{self._events[0][1]['run_id']}"

    @property
    def numbers(self) -> list[int]:
        return [int(number) for number in re.findall(rb"^id: (\d+)$", self.log, re.MULTILINE)]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self._events]

    @property
    def text(self) -> str:
        return "".join(data["text"] for name, data in self._events if name == "delta")

    @property
    def _events(self) -> list[tuple[str, dict[str, str]]]:
        found = re.findall(rb"event: (\w+)\ndata: (.*)", self.log)
        return [(name.decode(), json.loads(data)) for name, data in found]


@pytest.mark.parametrize("streams", [30, pytest.param(250, marks=pytest.mark.prove)])
def test_a_resumed_stream_is_the_whole_one(
    server: Server, upstream: Upstream, streams: int, quote: Quote
) -> None:
    """Cut at random bytes, once or several times, and resumed after its last whole frame, a
    stream has the text, the events and the bytes of one that nobody cut, and was asked for once.
    """
    random_ = random.Random(streams)
    whole = {model: Stream(server, model, random_) for model in _MODELS}
    for stream in whole.values():
        stream.read()
    asked = len(upstream.requests)

    def resume(number: int) -> Stream:
        model = _MODELS[number % len(_MODELS)]
        stream = Stream(server, model, random_)
        for _ in range(random_.choice([1, 1, 2, 5])):
            left = len(whole[model].log) - len(stream.log)
            stream.read(random_.randrange(left))
            if stream.log and random_.random() < 0.5:
                until(lambda: b'"running"' not in get(server, stream.address))
        stream.read()
        assert stream.log == _HEARTBEAT.sub(b"", get(server, f"{stream.address}/events"))
        assert (stream.text, stream.names) == (whole[model].text, whole[model].names)
        assert stream.numbers == list(range(1, len(stream.names) + 1))
        return stream

    cuts = sum(stream.cuts for stream in Pool(20).imap_unordered(resume, range(streams)))
    quote(f"{cuts} random cuts of {streams} streams: no gap and no double")
    assert len(upstream.requests) == asked + streams
