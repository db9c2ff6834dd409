"""Spans as OTLP writes them in protobuf (opentelemetry/proto/trace/v1/trace.proto).

The library's own messages take four times as long, which for short answers is more than all the
rest of tracing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache

from app.tracing.span import Span, Value

_fixed64 = struct.Struct("<Q").pack
_double = struct.Struct("<d").pack


def spans(resource: Mapping[str, Value], scope: str, ended: Iterable[Span]) -> bytes:
    """An ExportTraceServiceRequest."""
    about = _field(1, b"".join(_attribute(1, name, value) for name, value in resource.items()))
    said = b"".join(_field(2, _span(span)) for span in ended)
    return _field(1, about + _field(2, _field(1, _text(1, scope)) + said))


def _span(span: Span) -> bytes:
    parts = [
        _field(1, span.trace_id),
        _field(2, span.span_id),
        _text(3, span.state) if span.state else b"",
        _field(4, span.parent_id) if span.parent_id else b"",
        _text(5, span.name),
        _number(6, span.kind),
        b"\x39" + _fixed64(span.began),  # fields 7 and 8, of fixed size
        b"\x41" + _fixed64(span.ended),
        *(_attribute(9, name, value) for name, value in span.attributes.items()),
        _field(15, _number(3, 2)) if span.error else b"",  # the status ERROR
    ]
    return b"".join(parts)


def _attribute(number: int, name: str, value: Value) -> bytes:
    return _field(number, _name(name) + _field(2, _value(value)))


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return _text(1, value)
    if isinstance(value, bool):
        return _number(2, int(value))
    if isinstance(value, int):
        return _number(3, value & 0xFFFFFFFFFFFFFFFF)
    if isinstance(value, float):
        return b"\x21" + _double(value)
    return _field(5, b"".join(_field(1, _text(1, one)) for one in value))


@lru_cache(maxsize=256)
def _name(name: str) -> bytes:
    return _text(1, name)


def _text(number: int, value: str) -> bytes:
    # Half of a surrogate pair is no character, and protobuf takes none.
    return _field(number, value.encode("utf-8", "replace"))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    if value < 0x80:
        return _SHORT[value]
    said = bytearray()
    while value >= 0x80:
        said.append(value & 0x7F | 0x80)
        value >>= 7
    said.append(value)
    return bytes(said)


_SHORT = [bytes([value]) for value in range(0x80)]
