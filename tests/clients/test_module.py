"""Our own module, in Node as it is served, against a real server and connections that break."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha384
from typing import Any

import gevent
import pytest
import requests
from gevent.pywsgi import WSGIServer

from tests.clients.door import Door, opened
from tests.clients.jobs import done
from tests.server.conftest import quote as quote  # a fixture
from tests.server.cutter import Cutter
from tests.server.process import ROOT

Quote = Callable[[str], None]

# Seconds; it takes a request of its own, and on a machine at rest some 30 ms.
_PROMPT = 1.0

_MODELS = [
    "openai/mock-200-0",
    "openai/mock-60-3000",
    "anthropic/mock-40-5000",
    "openai/surrogates-0",
    "openai/drip-20",
]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("module"), READER_GRACE="10") as door:
        yield door


def job(name: object, /, model: str = "openai/mock-3", **more: Any) -> dict[str, Any]:
    options = {"model": model, **more.pop("options", {})}
    return {"id": str(name), "options": options, **more}


def one(door: Door, /, **what: Any) -> dict[str, Any]:
    [found] = done("module.mjs", door, [job("one", **what)])
    return found


def test_a_chat(door: Door) -> None:
    """The loop brings every event, numbered without a gap, and ends after `done`."""
    found = one(door)
    assert (found["text"], found["events"][0], found["events"][-1]) == (
        "t0 t1 t2 ",
        "start",
        "done",
    )
    assert found["ids"] == list(range(1, len(found["ids"]) + 1))
    assert found["done"]["finish_reason"] == "stop"
    assert found["requests"] == ["POST /api/chat/stream"]


def test_a_prompt(door: Door) -> None:
    """A prompt streams in the same way."""
    variables = {"text": "Good morning.", "language": "French"}
    found = one(door, door="prompt", name="translate", options={"variables": variables})
    assert (found["text"], found["events"][-1]) == ("t0 t1 t2 ", "done")


def test_an_extraction(door: Door) -> None:
    """So does an extraction, whose `done` has the data."""
    asked = {"text": "Total EUR 12.00, due 2026-12-02", "schema": "invoice", "model": "demo/demo"}
    options = {**asked, "key": door.issue(scopes=["extract"])}
    found = one(door, door="extract", options=options)
    assert (found["events"][0], found["events"][-1]) == ("start", "done")
    assert "amount" in found["done"]["data"]


def test_a_run_of_before(door: Door) -> None:
    """A run that has ended is read again, from any event on."""
    run = one(door)["run"]
    found = one(door, door="resume", name=run, options={"after": 2})
    assert (found["text"], found["ids"][0], found["events"][-1]) == ("t1 t2 ", 3, "done")


@pytest.mark.parametrize(
    ("leave", "model"),
    [
        ("abort", "openai/mock-9000-5000"),
        ("break", "openai/mock-9000-5000"),
        ("abort", "anthropic/stall-2"),
    ],
)
def test_leaving_stops_upstream(door: Door, model: str, leave: str) -> None:
    """To abort, or to leave the loop, closes the connection to the model at once."""
    found = one(door, model=model, leave=leave)
    assert door.until_closed(found["leftAt"]) < _PROMPT
    assert found.get("error", {}).get("name") == ("AbortError" if leave == "abort" else None)


@pytest.mark.parametrize("milliseconds", [0, 2, 5, 20])
def test_leaving_before_the_first_word_stops_upstream(door: Door, milliseconds: int) -> None:
    """Nothing goes on, either, when somebody leaves who has not heard anything yet."""
    model = "openai/slow-5-mock-5"
    found = one(door, model=model, leave="before", after=milliseconds)
    assert found["error"]["name"] == "AbortError"
    with gevent.Timeout(5):
        while door.upstream.open:
            gevent.sleep(0.01)


@pytest.mark.parametrize(
    ("options", "code", "status", "retryable"),
    [
        ({"model": "nobody/x"}, "unknown_model", 422, False),
        ({"temperature": "hot"}, "invalid_request", 422, False),
        ({"key": "parley_wrong"}, "not_authenticated", 401, False),
        ({"model": "openai/cut-2"}, "provider_cut_off", 502, True),
        ({"model": "openai/status-401"}, "provider_misconfigured", 502, False),
        ({"url": "http://127.0.0.1:9"}, "unreachable", 0, True),
    ],
)
def test_errors_are_typed(
    door: Door, options: dict[str, Any], code: str, status: int, retryable: bool
) -> None:
    """What ends an answer is thrown, with its code, its status, and whether to ask again."""
    error = one(door, options=options)["error"]
    assert (error["code"], error["status"], error["retryable"]) == (code, status, retryable)
    assert error["name"] == "ParleyError"
    assert error["detail"] == error["message"]
    assert code == "unreachable" or error["requestId"].startswith("req_")


@pytest.mark.parametrize("count", [30, pytest.param(300, marks=pytest.mark.prove)])
def test_a_connection_that_breaks_is_taken_up(door: Door, count: int, quote: Quote) -> None:
    """Cut at random bytes, however often, a stream has the events of one that nobody cut, and
    its model was asked once.
    """
    plain = [job(n, model) for n, model in enumerate(_MODELS)]
    whole = {int(found["id"]): found for found in done("module.mjs", door, plain)}
    asked = len(door.upstream.requests)
    kinds = [n % len(_MODELS) for n in range(count)]
    jobs = [job(kind, _MODELS[kind], options={"retries": 50}) for kind in kinds]
    with Cutter(door.url, seed=count, most=6_000).running() as cutter:
        ended = done("module.mjs", door, jobs, url=cutter.url)
    heard = [found for found in ended if found["events"]]
    for found in heard:
        expected = whole[int(found["id"])]
        assert (found["text"], found["ids"]) == (expected["text"], expected["ids"]), found
        assert "error" not in found
    resumed = sum("GET /api/runs" in " ".join(found["requests"]) for found in heard)
    quote(f"{count} streams, {cutter.cuts} cuts, {resumed} resumed, {count - len(heard)} unheard")
    assert resumed > count / 4
    assert len(heard) > count * 0.8
    assert len(door.upstream.requests) <= asked + count
    assert {found["error"]["code"] for found in ended if not found["events"]} <= {"unreachable"}


def test_it_gives_up(door: Door) -> None:
    """Where nothing comes any more after so many attempts, it says that the connection is lost."""
    cutter = Cutter(door.url, seed=1, most=900, least=700)
    with cutter.running():
        jobs = [job("lost", "openai/mock-500-1000", options={"retries": 1})]
        [found] = done("module.mjs", door, jobs, url=cutter.url)
    assert (found["error"]["code"], found["error"]["retryable"]) == ("connection_lost", True)
    door.until_open(0)


def test_it_waits_as_long_as_it_is_told(door: Door) -> None:
    """A 503 with Retry-After is asked again after that time; 429 is for the caller to decide."""
    times: list[float] = []
    statuses = iter(["503 Service Unavailable", "429 Too Many Requests"])

    def refuse(_environ: dict[str, Any], start: Any) -> list[bytes]:
        times.append(gevent.get_hub().loop.now())
        start(next(statuses), [("Retry-After", "1"), ("Content-Type", "application/json")])
        return [b'{"code": "some_code", "retryable": true, "detail": "Not now."}']

    server = WSGIServer(("127.0.0.1", 0), refuse, log=None)
    server.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        [found] = done("module.mjs", door, [job("wait")], url=url)
    finally:
        server.stop()
    assert len(times) == 2
    assert times[1] - times[0] >= 0.9
    assert (found["error"]["status"], found["error"]["retryAfter"]) == (429, 1)


def test_it_is_served_for_ever_under_its_hash(door: Door) -> None:
    """Its own address is immutable, the plain one is asked again, and the integrity is right."""
    about = requests.get(f"{door.url}/parley.json", timeout=30).json()
    own = requests.get(door.url + about["url"], timeout=30)
    assert own.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    digest = b64encode(sha384(own.content).digest()).decode()
    assert about["integrity"] == f"sha384-{digest}"
    plain = requests.get(f"{door.url}/parley.js", timeout=30)
    assert plain.headers["Cache-Control"] == "public, no-cache"
    assert plain.headers["Content-Type"] == "text/javascript; charset=utf-8"
    other = requests.get(f"{door.url}/parley.js?v=0", timeout=30)
    assert other.headers["Cache-Control"] == "public, no-cache"
    seen = {"If-None-Match": plain.headers["ETag"]}
    assert requests.get(f"{door.url}/parley.js", headers=seen, timeout=30).status_code == 304


def test_it_is_small_and_leans_on_nothing() -> None:
    """It has fewer than 300 lines, and imports nothing."""
    source = (ROOT / "app" / "web" / "parley.js").read_text()
    assert len(source.splitlines()) < 300
    assert not re.search(r"^import |\bimport\(|require\(", source, re.MULTILINE)
