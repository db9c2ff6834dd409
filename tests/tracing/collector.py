"""A collector of the tests' own: it takes OTLP over HTTP and decodes it by OpenTelemetry's own
messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Told:
    """A span as it arrived; ids in hexadecimal, times in nanoseconds."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    began: int
    ended: int
    failed: bool
    state: str
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]


@dataclass
class Collector:
    """`url` is for OTEL_EXPORTER_OTLP_ENDPOINT; `answers` are the statuses that come first."""

    url: str = ""
    spans: list[Told] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def wait(self, count: int, seconds: float = 20.0) -> Sequence[Told]:
        """Return when so many spans are there."""
        with gevent.Timeout(seconds, AssertionError(f"only {self.spans} came")):
            while len(self.spans) < count:
                gevent.sleep(0.01)
        return self.spans

    def one(self, start: str) -> Told:
        """The one span whose name begins so."""
        (found,) = [span for span in self.spans if span.name.startswith(start)]
        return found

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        self.requests.append(
            {"path": environ["PATH_INFO"], "type": environ["CONTENT_TYPE"]}
            | {name[5:].lower(): v for name, v in environ.items() if name.startswith("HTTP_")}
        )
        status = self.answers.pop(0) if self.answers else "200 OK"
        if status.startswith("200"):
            self.spans += _spans(ExportTraceServiceRequest.FromString(body))
        start_response(status, [("Content-Type", "application/x-protobuf")])
        return [ExportTraceServiceResponse().SerializeToString()]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    server = WSGIServer(("127.0.0.1", 0), collector, log=None, error_log=None)
    server.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.stop(timeout=1)


def _spans(request: Any) -> Iterator[Told]:
    for several in request.resource_spans:
        resource = _attributes(several.resource.attributes)
        for scope in several.scope_spans:
            assert scope.scope.name == "parley"
            for span in scope.spans:
                yield Told(
                    name=span.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    began=span.start_time_unix_nano,
                    ended=span.end_time_unix_nano,
                    failed=span.status.code == 2,
                    state=span.trace_state,
                    attributes=_attributes(span.attributes),
                    resource=resource,
                )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind)
