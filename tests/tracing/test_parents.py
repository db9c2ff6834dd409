"""traceparent and tracestate, as W3C's Trace Context has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tracing import parents
from app.tracing.span import Kind, Span

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(("flags", "sampled"), [("01", True), ("00", False), ("03", True)])
def test_a_parent_is_read(flags: str, sampled: bool) -> None:
    """Its ids, and whether its sender keeps it."""
    found = parents.read(f" 00-{TRACE}-{SPAN}-{flags} ")
    assert found == (bytes.fromhex(TRACE), bytes.fromhex(SPAN), sampled)


def test_a_later_version_may_have_more() -> None:
    """What follows in a later version is passed over."""
    assert parents.read(f"01-{TRACE}-{SPAN}-01-what-ever")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
    ],
)
def test_what_is_no_parent_is_none(header: str | None) -> None:
    """A header that breaks the rules begins a trace of our own."""
    assert parents.read(header) is None


@given(st.text(max_size=80))
def test_no_text_breaks_it(header: str) -> None:
    """Whatever a caller sends is a parent or none."""
    parents.read(header)
    assert "\n" not in parents.state(header)


def test_a_span_tells_the_next() -> None:
    """Its header is read as it is, with the state that came."""
    span = Span("a", Kind.CLIENT, bytes.fromhex(TRACE), b"", lambda span: None, state="v=1")
    lines = dict(line.split(": ", 1) for line in span.header().decode().split("\r\n")[:-1])
    assert parents.read(lines["traceparent"]) == (span.trace_id, span.span_id, True)
    assert lines["tracestate"] == "v=1"
