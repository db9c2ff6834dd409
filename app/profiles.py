"""What a model can do, and how our data and the configuration write it down.

    {"openai/gpt-5*": {"temperature": "no", "max_output_tokens": 128000}}

A key is `provider/model`, in which `*`, `?` and `[…]` mean what they mean in a shell. Every key
that fits a model counts; of two that say something of the same field, the later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

import msgspec

# So long before a model's end whoever runs the server hears of it.
NOTICE = timedelta(days=60)

Tokens = Annotated[int, msgspec.Meta(ge=1)]

# Some fields of a Profile, and such by `provider/model`.
Facts = Mapping[str, Any]
Table = Mapping[str, Facts]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model can do; where nobody knows otherwise, everything."""

    context_window: Tokens  # input and output together
    max_output_tokens: Tokens | None = None
    images: bool = True
    tools: bool = True
    strict_schema: bool = True
    reasoning: bool = True
    # Whether it reasons in a call that offers it tools; one that does not is told not to.
    reasoning_with_tools: bool = True
    # Whether it knows the effort "minimal"; one that does not is asked for "low".
    minimal_effort: bool = True
    # "no": none but 1. "ignored": whatever it is, it is not sent.
    temperature: Literal["yes", "no", "without_reasoning", "ignored"] = "yes"
    deprecated: bool = False
    retires: date | None = None

    def ending(self, day: date) -> str | None:
        """What is to say of a model that is gone or going, as `retires on 2026-12-11`."""
        if self.retires is None:
            return "is deprecated" if self.deprecated else None
        if self.retires <= day:
            return f"was to be retired on {self.retires}"
        near = self.retires <= day + NOTICE
        return f"retires on {self.retires}" if near or self.deprecated else None


def today() -> date:
    """In UTC, as vendors count their models' days."""
    return datetime.now(UTC).date()


def read(text: str) -> dict[str, Facts]:
    """Read a table that is written in JSON. Raises ValueError with a sentence."""
    try:
        table = msgspec.json.decode(text, type=dict[str, dict[str, Any]])
    except msgspec.DecodeError as error:
        raise ValueError(f"Not a JSON object of objects: {error}.") from error
    return checked(table)


def checked(table: Table) -> dict[str, Facts]:
    """The table with its values as a Profile has them. Raises ValueError with a sentence."""
    return {name: _checked(name, facts) for name, facts in table.items()}


def fitting(table: Table, name: str) -> dict[str, Any]:
    """All that a table says of one model. `name` is `provider/model`."""
    found: dict[str, Any] = {}
    for pattern, facts in table.items():
        if fnmatchcase(name, pattern):
            found.update(facts)
    return found


def _checked(name: str, facts: Facts) -> Facts:
    provider, _, model = name.partition("/")
    if not provider or not model:
        raise ValueError(f"{name!r} is not written provider/model.")
    try:
        profile = msgspec.convert({"context_window": 1, **facts}, Profile)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}.") from error
    return {field: getattr(profile, field) for field in facts}
