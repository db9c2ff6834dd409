"""Structured logs: one JSON object a line on stderr. Keys and texts of messages never go in."""

from __future__ import annotations

import logging
import sys
from typing import Any

import msgspec
import structlog
import structlog.tracebacks

from app import tracing

# Local variables stay out of tracebacks: they hold keys and what people said.
_tracebacks = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
_encoder = msgspec.json.Encoder(enc_hook=str)


def configure(level: str) -> None:
    """Send our log lines, and the warnings of the libraries, to stderr as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        tracing.ids,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tracebacks,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_bytes)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_text),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _bytes(value: Any, **_: Any) -> bytes:
    return _encoder.encode(value)


def _text(value: Any, **_: Any) -> str:
    return _bytes(value).decode()
