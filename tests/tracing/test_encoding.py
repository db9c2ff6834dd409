"""Spans on the wire, read back by OpenTelemetry's own messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.tracing.encoding import spans
from app.tracing.span import Kind, Span, Value
from tests.tracing.collector import Told, _spans

_TEXT = st.text(max_size=200)
_VALUES: st.SearchStrategy[Value] = st.one_of(
    _TEXT,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.lists(_TEXT, max_size=3).map(tuple),
)


def told(*ended: Span, resource: dict[str, Value] | None = None) -> list[Told]:
    data = spans(resource or {"service.name": "parley"}, "parley", ended)
    return list(_spans(ExportTraceServiceRequest.FromString(data)))


def ended(name: str = "a", **attributes: Value) -> Span:
    span = Span(name, Kind.CLIENT, bytes(15) + b"\1", b"", lambda span: None)
    span.attributes.update(attributes)
    span.end()
    return span


@given(_TEXT, st.dictionaries(_TEXT, _VALUES, max_size=8))
def test_what_is_written_is_read(name: str, attributes: dict[str, Value]) -> None:
    """A span's name, times, ids and attributes of every kind arrive as they are."""
    span = ended(name)
    span.attributes = attributes
    (found,) = told(span)
    assert (found.name, found.kind) == (name, 3)
    assert (found.trace_id, found.span_id) == (span.trace_id.hex(), span.span_id.hex())
    assert (found.began, found.ended) == (span.began, span.ended)
    assert found.attributes == {
        key: list(value) if isinstance(value, tuple) else value for key, value in attributes.items()
    }
    assert not found.failed


def test_a_child_names_its_parent_and_the_error() -> None:
    """A child belongs to its parent's trace, and one that failed says why."""
    parent = ended()
    child = parent.child("b", Kind.INTERNAL)
    child.end("provider_cut_off")
    _, found = told(parent, child)
    assert (found.trace_id, found.parent_id) == (parent.trace_id.hex(), parent.span_id.hex())
    assert found.failed
    assert found.attributes == {"error.type": "provider_cut_off"}


def test_half_of_a_character_is_no_text() -> None:
    """What UTF-8 cannot write does not lose the batch."""
    (found,) = told(ended("\ud800"))
    assert found.name == "?"


def test_the_resource_says_who() -> None:
    """What the process is stands once, before its spans."""
    one, two = told(ended(), ended(), resource={"service.name": "x", "host": "y"})
    assert one.resource == two.resource == {"service.name": "x", "host": "y"}


def test_only_the_first_end_counts() -> None:
    """Who ends a span again changes nothing, and it is handed on once."""
    kept: list[Span] = []
    span = Span("a", Kind.SERVER, bytes(16), b"", kept.append)
    span.end("first")
    span.end()
    assert kept == [span]
    assert span.error == "first"
