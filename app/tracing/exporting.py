"""From spans that have ended to a collector: OpenTelemetry's SDK samples, describes and sends.

Sending takes a thread of its own. In a greenlet the encoding of a batch would hold up every stream
of the worker, and gevent's patch makes a greenlet of what the SDK starts as a thread.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import gevent
import structlog
from gevent.event import Event
from gevent.threadpool import ThreadPool
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)

from app.tracing import parents
from app.tracing.encoding import spans
from app.tracing.span import Kind, Span

log = structlog.get_logger()

_SCOPE = "parley"
_MOST = 8_192  # spans that wait; what comes beyond them is lost
_BATCH = 512
_PAUSE = 1.0  # seconds


class _Sender(OTLPSpanExporter):
    """The SDK's way to a collector: headers, certificates and tries again as OTEL_* say."""

    def send(self, data: bytes) -> bool:
        return bool(self._client.export(data).success)


class Exporter:
    """It sends from its making until `close`. `endpoint` is a collector's, without a path."""

    def __init__(self, endpoint: str) -> None:
        provider = TracerProvider(shutdown_on_exit=False)
        self._ids, self._sampler = provider.id_generator, provider.sampler
        self._resource: dict[str, Any] = dict(provider.resource.attributes)
        if str(self._resource["service.name"]).startswith("unknown_service"):
            self._resource["service.name"] = _SCOPE
        self._sender = _Sender(f"{endpoint.rstrip('/')}/v1/traces")
        self._waiting: deque[Span] = deque()
        self._lost = 0
        self._thread = ThreadPool(1)
        self._awake = Event()
        self._closing = False
        self._sending = gevent.spawn(self._work)

    def begin(self, name: str, parent: str | None, state: str | None) -> Span:
        above = parents.read(parent)
        trace_id = above.trace_id if above else self._ids.generate_trace_id().to_bytes(16, "big")
        decision = self._sampler.should_sample(
            _context(above), int.from_bytes(trace_id, "big"), name, SpanKind.SERVER
        ).decision
        return Span(
            name,
            Kind.SERVER,
            trace_id,
            above.span_id if above else b"",
            self._keep,
            sampled=decision.is_sampled(),  # type: ignore[no-untyped-call]
            state=parents.state(state) if above else "",
        )

    def close(self, seconds: float) -> None:
        self._closing = True
        self._awake.set()
        self._sending.join(seconds)
        self._sender.shutdown()  # type: ignore[no-untyped-call]
        self._sending.kill()
        self._thread.kill()

    def _keep(self, span: Span) -> None:
        if len(self._waiting) >= _MOST:
            self._lost += 1
            return
        self._waiting.append(span)
        if len(self._waiting) >= _BATCH:
            self._awake.set()

    def _work(self) -> None:
        while not self._closing:
            self._awake.wait(_PAUSE)
            self._awake.clear()
            self._send()
        self._send()

    def _send(self) -> None:
        while self._waiting:
            count = min(len(self._waiting), _BATCH)
            batch = [self._waiting.popleft() for _ in range(count)]
            if not self._thread.apply(self._sent, (batch,)):
                self._lost += count
        if self._lost:
            log.warning("spans_lost", spans=self._lost)
            self._lost = 0

    def _sent(self, batch: list[Span]) -> bool:
        return self._sender.send(spans(self._resource, _SCOPE, batch))


def _context(above: parents.Parent | None) -> Context | None:
    """What a sampler looks at that does as the caller has decided."""
    if above is None:
        return None
    known = SpanContext(
        int.from_bytes(above.trace_id, "big"),
        int.from_bytes(above.span_id, "big"),
        is_remote=True,
        trace_flags=TraceFlags(int(above.sampled)),
    )
    return set_span_in_context(NonRecordingSpan(known))
