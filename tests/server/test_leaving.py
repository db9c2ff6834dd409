"""Callers that leave, come back, stop; a server that is full or goes down. Over real sockets."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests

from tests.server.process import Server, serving
from tests.upstream import Upstream

_GRACE = 0.5


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("leaving")
    with serving(folder, OPENAI_BASE_URL=f"{upstream.url}/v1", READER_GRACE=str(_GRACE)) as it:
        yield it


def until(condition: Any, seconds: float = 5.0) -> float:
    """Wait for it, and return how long it took."""
    began = time.monotonic()
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.005)
    return time.monotonic() - began


def post(server: Server, route: str, body: dict[str, Any]) -> socket.socket:
    """A caller of whom we hold the socket, so that it can leave as a browser does."""
    content = json.dumps(body).encode()
    host, port = server.url.removeprefix("http://").split(":")
    caller = socket.create_connection((host, int(port)))
    caller.sendall(
        f"POST {route} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n".encode()
        + content
    )
    return caller


def read_until(raw: Any, mark: bytes) -> str:
    """Read from an answer's body until `mark` has come."""
    read = b""
    with gevent.Timeout(5):
        while mark not in read:
            read += raw.read1(65536)
    return read.decode()


def last_run(server: Server) -> dict[str, Any]:
    listed = requests.get(f"{server.url}/api/conversations?limit=1", timeout=5).json()
    address = f"{server.url}/api/conversations/{listed['conversations'][0]['id']}/messages"
    found: dict[str, Any] = requests.get(address, timeout=5).json()["messages"][-1]
    return found


def frames(text: str) -> list[tuple[str, dict[str, Any]]]:
    events = [block for block in text.split("\n\n") if "event: " in block]
    return [
        (block.split("event: ")[1].split("\n")[0], json.loads(block.split("data: ")[1]))
        for block in events
    ]


@pytest.mark.parametrize("model", ["silent-0", "stall-2", "mock-1000-20000"])
@pytest.mark.parametrize("route", ["/api/chat", "/api/chat/stream"])
def test_leaving_closes_upstream(
    server: Server, upstream: Upstream, model: str, route: str
) -> None:
    """Before the first token, in silence and between tokens: who leaves frees the provider."""
    caller = post(server, route, {"message": "hi", "model": f"openai/{model}"})
    until(lambda: upstream.open == 1)
    gevent.sleep(0.1)
    caller.close()
    assert until(lambda: upstream.open == 0) < 1.0
    until(lambda: last_run(server)["role"] == "assistant")
    assert (last_run(server)["status"], last_run(server)["finish_reason"]) == (
        "incomplete",
        "stopped",
    )


def test_a_run_that_continues_waits_for_its_reader(server: Server, upstream: Upstream) -> None:
    """Within the grace time somebody comes back and reads all of it; after it the run is over."""
    body = {"message": "hi", "model": "openai/stall-3", "on_disconnect": "continue"}
    caller = post(server, "/api/chat/stream", body)
    until(lambda: upstream.open == 1)
    said = ""
    while "run_id" not in said:
        said += caller.recv(65536).decode()
    caller.close()
    run_id = said.split('"run_id": "')[1].split('"')[0]
    gevent.sleep(_GRACE / 2)
    assert upstream.open == 1
    address = f"{server.url}/api/runs/{run_id}/events"
    with requests.get(address, stream=True, timeout=5) as reader:
        gevent.sleep(_GRACE * 2)
        assert upstream.open == 1
        read_until(reader.raw, b'"t2 "')
    assert until(lambda: upstream.open == 0) >= _GRACE / 2
    assert requests.get(f"{server.url}/api/runs/{run_id}", timeout=5).json()["state"] in (
        "running",
        "stopped",
    )


def test_a_run_may_be_finished_for_nobody(server: Server, upstream: Upstream) -> None:
    """With `finish` the answer is whole and stored, though its caller left at once."""
    body = {"message": "hi", "model": "openai/mock-20-50000", "on_disconnect": "finish"}
    caller = post(server, "/api/chat/stream", body)
    until(lambda: upstream.open == 1)
    caller.close()
    until(lambda: last_run(server)["role"] == "assistant")
    assert (last_run(server)["status"], len(last_run(server)["content"].split())) == (
        "complete",
        20,
    )


def test_twenty_posts_with_one_key_are_one_run(server: Server, upstream: Upstream) -> None:
    """One upstream call, one stored turn, twenty readers of it, whole or streamed."""
    before = len(upstream.requests)
    body = {"message": "once", "model": "openai/mock-5-20000"}
    headers = {"Idempotency-Key": "one-of-a-kind"}

    def ask(number: int) -> str:
        route = "/api/chat/stream" if number % 2 else "/api/chat"
        answer = requests.post(server.url + route, json=body, headers=headers, timeout=20)
        answer.raise_for_status()
        return str(
            dict(frames(answer.text))["start"]["run_id"] if number % 2 else answer.json()["run_id"]
        )

    jobs = [gevent.spawn(ask, number) for number in range(20)]
    gevent.joinall(jobs, timeout=30, raise_error=True)
    assert len({job.get() for job in jobs}) == 1
    assert len(upstream.requests) == before + 1
    assert ask(0) == jobs[0].get()
    other = requests.post(
        f"{server.url}/api/chat", json={**body, "message": "twice"}, headers=headers, timeout=5
    )
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_a_reader_that_cuts_itself_off_reads_the_same(server: Server) -> None:
    """Cut after every few events and resumed, the stream is byte for byte the whole one."""
    body = {"message": "hi", "model": "openai/mock-30-5000", "on_disconnect": "continue"}
    with requests.post(f"{server.url}/api/chat/stream", json=body, stream=True, timeout=5) as one:
        opening = read_until(one.raw, b"event: delta")
    run_id = opening.split('"run_id": "')[1].split('"')[0]
    address = f"{server.url}/api/runs/{run_id}/events"
    resumed, seen = "", 0
    while "event: done" not in resumed:
        with requests.get(
            address, headers={"Last-Event-ID": str(seen)}, stream=True, timeout=5
        ) as part:
            text = read_until(part.raw, b"\n\n").replace(": hb\n", "")
        whole = text[: text.rfind("\n\n") + 2] if "\n\n" in text else ""
        resumed += whole
        seen += whole.count("\n\n")
    assert resumed == requests.get(address, timeout=5).text.removeprefix(": hb\n")


def test_a_full_house_says_so_at_once(tmp_path: Path, upstream: Upstream) -> None:
    """Past the limit a run is refused with a time to come back, and those that run go on."""
    with serving(tmp_path, OPENAI_BASE_URL=f"{upstream.url}/v1", MAX_OPEN_RUNS="2") as server:
        body = {"message": "hi", "model": "openai/stall-1"}
        callers = [post(server, "/api/chat/stream", body) for _ in range(2)]
        until(lambda: upstream.open == 2)
        refused = requests.post(f"{server.url}/api/chat", json=body, timeout=5)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert upstream.open == 2
        callers[0].close()
        until(lambda: upstream.open == 1)
        body["model"] = "openai/mock-1"
        until(lambda: requests.post(f"{server.url}/api/chat", json=body, timeout=5).ok)
        callers[1].close()


def test_a_shutdown_ends_every_stream_with_a_word(tmp_path: Path, upstream: Upstream) -> None:
    """On SIGTERM what can finish does, and the rest ends in an error that says to ask again."""
    extra = {"OPENAI_BASE_URL": f"{upstream.url}/v1", "DRAIN_TIMEOUT": "2"}
    with serving(tmp_path, **extra) as server:

        def ask(model: str) -> str:
            body = {"message": "hi", "model": model}
            return requests.post(f"{server.url}/api/chat/stream", json=body, timeout=20).text

        short = gevent.spawn(ask, "openai/mock-10-50000")
        long = gevent.spawn(ask, "openai/stall-2")
        until(lambda: upstream.open == 2)
        idle = requests.Session()
        idle.get(f"{server.url}/healthz", timeout=5)
        server.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert frames(short.get(timeout=10))[-1][0] == "done"
        name, problem = frames(long.get(timeout=10))[-1]
        assert (name, problem["code"], problem["retryable"]) == ("error", "shutting_down", True)
        assert server.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 8
        idle.close()
