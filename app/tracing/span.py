"""One span: a name, a time, attributes. As light as it can be; one is made for every request."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol, TypeAlias

Value: TypeAlias = str | bool | int | float | tuple[str, ...]


class Kind(IntEnum):
    """As OTLP numbers them."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3


class Span:
    """Times are nanoseconds since 1970. `error` is why it failed; `end` hands it to `keep`.

    One that is not `sampled` is passed on, and kept by nobody.
    """

    __slots__ = (
        "attributes",
        "began",
        "ended",
        "error",
        "keep",
        "kind",
        "name",
        "parent_id",
        "sampled",
        "span_id",
        "state",
        "trace_id",
    )

    def __init__(
        self,
        name: str,
        kind: Kind,
        trace_id: bytes,
        parent_id: bytes,
        keep: Callable[[Span], None],
        *,
        sampled: bool = True,
        state: str = "",
    ) -> None:
        self.name = name
        self.kind = kind
        self.trace_id = trace_id
        self.span_id = os.urandom(8)
        self.parent_id = parent_id  # empty: there is none
        self.keep = keep
        self.sampled = sampled
        self.state = state  # the tracestate of W3C, as it came
        self.attributes: dict[str, Value] = {}
        self.error: str | None = None
        self.began = time.time_ns()
        self.ended = 0

    def child(self, name: str, kind: Kind, **attributes: Value) -> Span:
        made = Span(
            name,
            kind,
            self.trace_id,
            self.span_id,
            self.keep,
            sampled=self.sampled,
            state=self.state,
        )
        made.attributes.update(attributes)
        return made

    def end(self, error: str | None = None) -> None:
        """It is over; only the first word counts. `error` is a code, and never a text."""
        if self.ended:
            return
        self.ended = time.time_ns()
        if error is not None:
            self.error = self.attributes["error.type"] = error
        if self.sampled:
            self.keep(self)

    def header(self) -> bytes:
        """The lines that W3C's Trace Context wants of a request."""
        flags = "01" if self.sampled else "00"
        lines = f"traceparent: 00-{self.trace_id.hex()}-{self.span_id.hex()}-{flags}\r\n"
        if self.state:
            lines += f"tracestate: {self.state}\r\n"
        return lines.encode("ascii")


class Tracer(Protocol):
    """Begins traces, and keeps the spans that have ended."""

    def begin(self, name: str, parent: str | None, state: str | None) -> Span:
        """The first span here; `parent` and `state` are headers as a caller sent them."""
        ...

    def close(self, seconds: float) -> None: ...
