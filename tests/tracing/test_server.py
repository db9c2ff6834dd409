"""Traces of a real server: from a browser's traceparent to each call upstream."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests

from app.tracing import parents
from tests.server.callers import STREAM, Caller
from tests.server.process import Server, serving, serving_afresh
from tests.tracing.collector import Collector, Told, collecting
from tests.upstream import Upstream

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as model:
        yield model


@pytest.fixture(scope="module")
def shared() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, upstream: Upstream, shared: Collector
) -> Iterator[Server]:
    with traced(tmp_path_factory.mktemp("traced"), upstream, shared) as it:
        yield it


@pytest.fixture
def collector(shared: Collector, upstream: Upstream) -> Collector:
    upstream.reset()
    shared.spans.clear()
    return shared


def traced(folder: Path, upstream: Upstream, collector: Collector, **extra: str) -> Any:
    return serving(
        folder,
        **{
            "OPENAI_BASE_URL": f"{upstream.url}/v1",
            "ANTHROPIC_BASE_URL": upstream.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20secret",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
            **extra,
        },
    )


def ask(server: Server, model: str, *, path: str = "/api/chat/stream", **body: Any) -> str:
    """A whole turn that a browser has traced. Returns what was answered."""
    said = {"message": "My secret word is xyzzy", "model": model, **body}
    return requests.post(f"{server.url}{path}", json=said, headers=PARENT, timeout=30).text


def three(collector: Collector) -> tuple[Told, Told, Told]:
    """The spans of one turn: request, run, call."""
    collector.wait(3)
    return collector.one("POST"), collector.one("run"), collector.one("chat")


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_turn_is_one_trace(
    server: Server, collector: Collector, upstream: Upstream, provider: str
) -> None:
    """The browser's span is above the request's, that above the run's, that above the call's,
    whose id the provider is told.
    """
    ask(server, f"{provider}/mock-5")
    request, run, call = three(collector)
    assert {request.trace_id, run.trace_id, call.trace_id} == {TRACE}
    assert [request.parent_id, run.parent_id, call.parent_id] == [
        SPAN,
        request.span_id,
        run.span_id,
    ]
    sent = upstream.headers[-1]
    assert sent["traceparent"] == f"00-{TRACE}-{call.span_id}-01"
    assert sent["tracestate"] == "vendor=1"
    assert [request.kind, run.kind, call.kind] == [2, 1, 3]
    assert request.began <= run.began <= call.began <= call.ended <= run.ended <= request.ended


def test_a_call_says_what_the_conventions_want(server: Server, collector: Collector) -> None:
    """Operation, provider, model, tokens and the reason of the end."""
    ask(server, "openai/mock-5")
    *_, call = three(collector)
    told = dict(call.attributes)
    assert told.pop("gen_ai.conversation.id").startswith("conv_")
    assert told.pop("parley.run.id").startswith("run_")
    told.pop("parley.cost_usd", None)
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "mock-5",
        "gen_ai.response.model": "mock-5",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.response.finish_reasons": ["stop"],
        "parley.attempt": 1,
    }
    assert (call.name, call.failed) == ("chat mock-5", False)


def test_a_request_says_how_it_was_answered(server: Server, collector: Collector) -> None:
    """Method, route and status; an id in a path makes no name of its own."""
    requests.get(f"{server.url}/api/conversations/conv_nope", timeout=10)
    (span,) = collector.wait(1)
    assert span.name == "GET /api/conversations/<conversation_id>"
    assert span.attributes["http.response.status_code"] == 404
    assert span.attributes["error.type"] == "not_found"
    assert not span.failed
    assert span.parent_id == ""


def test_each_attempt_is_a_span(server: Server, collector: Collector) -> None:
    """A call that failed says why, and the one after it is its sibling."""
    ask(server, "openai/flaky-1-mock-3")
    collector.wait(4)
    first, second = sorted(
        (span for span in collector.spans if span.name.startswith("chat")), key=lambda s: s.began
    )
    assert (first.failed, second.failed) == (True, False)
    assert first.attributes["error.type"] == "provider_overloaded"
    assert [first.attributes["parley.attempt"], second.attributes["parley.attempt"]] == [1, 2]
    assert first.parent_id == second.parent_id == collector.one("run").span_id
    assert first.ended <= second.began


def test_a_stream_that_is_cut_is_a_failure(server: Server, collector: Collector) -> None:
    """The run and its call end with the error's code; the request, with its 200, does not."""
    ask(server, "openai/cut-3")
    request, run, call = three(collector)
    assert [request.failed, run.failed, call.failed] == [False, True, True]
    assert run.attributes["error.type"] == call.attributes["error.type"] == "provider_cut_off"


def test_a_span_ends_with_its_stream(server: Server, collector: Collector) -> None:
    """It is as long as the stream: a fifth of a second between the tokens is in all three."""
    ask(server, "openai/mock-4-100000")
    for span in three(collector):
        assert span.ended - span.began > 0.3e9


def test_a_caller_that_leaves_ends_the_spans(server: Server, collector: Collector) -> None:
    """A stream that was cut by its reader is stopped, which is no failure."""
    with Caller(server, STREAM, {"message": "hi", "model": "openai/stall-2"}) as caller:
        caller.read_until(b"event: delta")
    _, run, call = three(collector)
    assert run.attributes["gen_ai.response.finish_reasons"] == ["stopped"]
    assert not call.failed


def test_a_stop_ends_the_spans(server: Server, collector: Collector) -> None:
    """Likewise one that is stopped, which is a request and a trace of its own."""
    with Caller(server, STREAM, {"message": "hi", "model": "openai/stall-2"}) as caller:
        caller.read_until(b"event: delta")
        run_id = caller.answer.headers["X-Run-ID"]
        requests.post(f"{server.url}/api/runs/{run_id}/stop", timeout=10)
        caller.read()
    collector.wait(4)
    assert collector.one("POST /api/runs").trace_id != collector.one("run").trace_id
    assert collector.one("chat").attributes["gen_ai.response.finish_reasons"] == ["stopped"]


def test_no_text_leaves_with_a_trace(server: Server, collector: Collector) -> None:
    """Neither what was asked nor what was answered is in any span."""
    said = ask(server, "openai/mock-5")
    spans = repr(three(collector))
    assert "xyzzy" not in spans
    assert not any(
        json.loads(line[6:])["text"] in spans
        for line in said.splitlines()
        if line.startswith("data: ") and "mock" in line and "text" in json.loads(line[6:])
    )


def test_an_extraction_is_traced(server: Server, collector: Collector) -> None:
    """Its calls are below its request, too."""
    body = {"schema": "contact", "text": "Ada Lovelace, ada@example.org", "model": "demo"}
    requests.post(f"{server.url}/api/extract", json=body, headers=PARENT, timeout=30)
    _, run, call = three(collector)
    assert (run.trace_id, call.trace_id) == (TRACE, TRACE)


def test_a_browser_that_does_not_keep_its_trace(
    server: Server, collector: Collector, upstream: Upstream
) -> None:
    """Nothing is sent of what the caller says not to sample, and the provider is told so."""
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-00"}
    body = {"message": "hi", "model": "openai/mock-2"}
    requests.post(f"{server.url}/api/chat", json=body, headers=headers, timeout=30)
    parent = parents.read(upstream.headers[-1]["traceparent"])
    assert parent is not None
    assert (parent.trace_id.hex(), parent.sampled) == (TRACE, False)
    ask(server, "openai/mock-2")
    assert len(three(collector)) == 3


def test_the_collector_is_asked_as_configured(server: Server, collector: Collector) -> None:
    """At /v1/traces, in protobuf, with the headers and as the service that OTEL_* name."""
    ask(server, "demo")
    request, *_ = three(collector)
    sent = collector.requests[-1]
    assert (sent["path"], sent["type"]) == ("/v1/traces", "application/x-protobuf")
    assert sent["authorization"] == "Bearer secret"
    assert request.resource["service.name"] == "parley"
    assert request.resource["deployment.environment"] == "test"


def test_log_lines_name_the_trace(server: Server, collector: Collector) -> None:
    """The request's line and the run's have the trace's id, each with its own span's."""
    ask(server, "openai/mock-5")
    request, run, _ = three(collector)
    lines = [json.loads(x) for x in server.said().splitlines() if x.startswith("{")]
    of_request = [x for x in lines if x["event"] == "request" and x["route"] == STREAM][-1]
    of_run = [x for x in lines if x["event"] == "run_ended"][-1]
    assert (of_request["trace_id"], of_request["span_id"]) == (TRACE, request.span_id)
    assert (of_run["trace_id"], of_run["span_id"]) == (TRACE, run.span_id)


def test_what_is_left_goes_out_at_a_shutdown(tmp_path: Path, upstream: Upstream) -> None:
    """SIGTERM in the middle of a stream: it is drained, and its spans arrive all the same."""
    with collecting() as collector, traced(tmp_path, upstream, collector) as server:
        asking = gevent.spawn(ask, server, "openai/mock-10-50000")
        with gevent.Timeout(10):
            while not upstream.open:
                gevent.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        assert "event: done" in asking.get()
        server.process.wait(timeout=30)
        _, run, call = three(collector)
        assert run.attributes["gen_ai.response.finish_reasons"] == ["stop"]
        assert call.attributes["gen_ai.usage.output_tokens"] == 12


def test_a_collector_that_is_away_holds_up_nothing(tmp_path: Path, upstream: Upstream) -> None:
    """Answers are as quick as ever, and the server ends within its time."""
    with collecting() as collector:
        pass
    with traced(tmp_path, upstream, collector) as server:
        for _ in range(3):
            assert "event: done" in ask(server, "openai/mock-2")
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=20)


def test_off_means_that_nothing_is_imported(tmp_path: Path, upstream: Upstream) -> None:
    """Without an endpoint what exports is not in the process, and providers are told nothing.

    (The client of Redis imports other parts of OpenTelemetry wherever they are installed.)
    """
    probe = tmp_path / "sitecustomize.py"
    probe.write_text(
        "import atexit, sys\n"
        "atexit.register(lambda: print('LOADED', [m for m in sys.modules if m.startswith("
        "('app.tracing.exporting', 'opentelemetry.exporter'))], flush=True))\n"
    )
    upstream.reset()
    path = f"{tmp_path}:{Path(__file__).resolve().parents[2]}"
    with serving_afresh(
        tmp_path, OPENAI_BASE_URL=f"{upstream.url}/v1", OPENAI_API_KEY="k", PYTHONPATH=path
    ) as server:
        assert "event: done" in ask(server, "openai/mock-2")
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=30)
    assert "LOADED []" in server.said()
    assert "traceparent" not in upstream.headers[-1]
