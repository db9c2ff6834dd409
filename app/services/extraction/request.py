"""What a caller wants extracted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.runs.run import OnDisconnect

MOST_ATTEMPTS = 10


@dataclass(frozen=True, kw_only=True)
class Request:
    """`schema` is a registered one's name, or a JSON Schema. A None leaves the choice to us.

    `locale` (BCP 47, as `de-DE`) says how numbers and dates in `text` are meant where they could be
    read in more than one way. `max_attempts` counts the questions to a model, 1 to 10, for each
    part of a long text. `instructions` say more of the task, in words of ours; `prompt` is whose
    they are, as name@version.
    """

    text: str = field(repr=False)
    schema: str | Mapping[str, Any]
    model: str | None = None
    max_attempts: int = 3
    locale: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    on_disconnect: OnDisconnect = "cancel"
    instructions: str | None = None
    prompt: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Request:
        """From a body as it was loaded. A null is the same as nothing."""
        return cls(**{name: value for name, value in body.items() if value is not None})
