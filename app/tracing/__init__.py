"""Traces by OpenTelemetry, where there is a place to send them.

Without one nothing is imported here, and a request meets one comparison with None. A span knows
times, names and figures, and never what was said.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

from app.tracing.span import Kind, Span, Tracer, Value

__all__ = ["Kind", "Span", "Value"]

# Of the greenlet that asks. One that is spawned begins without, and is told by who spawns it.
_current: ContextVar[Span | None] = ContextVar("span", default=None)
_tracer: Tracer | None = None


def start(endpoint: str | None) -> None:
    """Trace from now on, and send it to `endpoint` by OTLP over HTTP; None: trace no more."""
    global _tracer
    if endpoint is None:
        _tracer = None
        return
    from app.tracing.exporting import Exporter  # a tenth of a second, and ten megabytes

    _tracer = Exporter(endpoint)


def stop(seconds: float = 5.0) -> None:
    """Send what there is, for so long at most."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.close(seconds)


def begun(name: str, header: Callable[[str], str | None]) -> Span | None:
    """The span of a request with such headers, which is current from now on; None: not traced."""
    if _tracer is None:
        return None
    span = _tracer.begin(name, header("traceparent"), header("tracestate"))
    _current.set(span)
    return span


def current() -> Span | None:
    return _current.get()


def enter(span: Span | None) -> None:
    """Let it be what is current."""
    _current.set(span)


def header() -> bytes:
    """What tells a provider of the span that asks it: header lines, or nothing."""
    span = _current.get()
    return b"" if span is None else span.header()


def answering(model: str) -> None:
    """Note the name that a provider gives to the model that answers."""
    span = _current.get()
    if span is not None:
        span.attributes["gen_ai.response.model"] = model


def ids(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the current trace into a log line."""
    span = _current.get()
    if span is not None:
        line["trace_id"], line["span_id"] = span.trace_id.hex(), span.span_id.hex()
    return line
