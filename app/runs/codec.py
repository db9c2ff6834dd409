"""Events as bytes and back, for a log that lives outside the process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from app.events import (
    AgentStep,
    Approval,
    Began,
    Done,
    Event,
    Failure,
    Parked,
    Partial,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    Step,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    ToolResult,
    UsageReport,
)

# In a log's bytes a kind is its number here: new ones go to the end.
_KINDS: tuple[type[Event], ...] = (
    TextDelta,
    Start,
    ReasoningDelta,
    ToolCall,
    UsageReport,
    Done,
    Failure,
    Began,
    Partial,
    Step,
    ToolInputDelta,
    ToolResult,
    Approval,
    AgentStep,
    Parked,
    ReasoningSignature,
)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_decoders: list[msgspec.msgpack.Decoder[Any]] = [msgspec.msgpack.Decoder(kind) for kind in _KINDS]
_encoder = msgspec.msgpack.Encoder()
_batch = msgspec.msgpack.Decoder(list[tuple[int, msgspec.Raw]])


def encode(events: Sequence[Event]) -> bytes:
    return _encoder.encode([(_NUMBERS[type(event)], event) for event in events])


def decode(data: bytes) -> list[Event]:
    """Raises msgspec.DecodeError: it is not what `encode` made."""
    return [_decoders[number].decode(said) for number, said in _batch.decode(data)]
