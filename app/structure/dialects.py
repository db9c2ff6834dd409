"""What each provider takes of JSON Schema, as its documentation said in November 2026."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["openai_strict", "anthropic_tool", "plain_tool"]

_NUMBERS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
_LENGTHS = {"minLength", "maxLength", "minItems", "maxItems"}
_FIELDS = {"minProperties", "maxProperties"}
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most of each in one schema. A depth is that of objects; an optional field, a union."""

    fields: int
    depth: int
    enum_values: int
    characters: int
    optional: int
    unions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a schema may say to a provider, and how the rest is said.

    `closed`: objects have the fields that are named and no others; what else may be there goes
    into a list of keys and values. `null_is_absent`: every field must be written, so null stands
    for none. `circles`: a schema may contain itself. `anything`: how a value of no known form is
    written: as it is, as JSON text, or with its objects as lists of keys and values.
    """

    strict: bool
    keywords: frozenset[str]
    formats: frozenset[str]
    closed: bool
    null_is_absent: bool
    shares: bool
    circles: bool
    anything: Literal["open", "text", "tagged"]
    limits: Limits | None = None


OPENAI_STRICT = Dialect(
    strict=True,
    keywords=frozenset(_NUMBERS | {"pattern", "format", "minItems", "maxItems"}),
    formats=frozenset(_FORMATS),
    closed=True,
    null_is_absent=True,
    shares=True,
    circles=True,
    anything="tagged",
    limits=Limits(
        fields=5_000, depth=10, enum_values=1_000, characters=120_000, optional=0, unions=5_000
    ),
)
# It takes no bounds on numbers and lengths, and of `minItems` 0 and 1.
ANTHROPIC_STRICT = Dialect(
    strict=True,
    keywords=frozenset({"format", "minItems"}),
    formats=frozenset(_FORMATS | {"uri"}),
    closed=True,
    null_is_absent=False,
    shares=True,
    circles=False,
    anything="text",
    limits=Limits(
        fields=1_000, depth=20, enum_values=1_000, characters=120_000, optional=24, unions=16
    ),
)
# Both vendors take nearly all of 2020-12 where they do not have to keep to it.
LOOSE = Dialect(
    strict=False,
    keywords=frozenset(_NUMBERS | _LENGTHS | _FIELDS | {"pattern", "format", "uniqueItems"}),
    formats=frozenset(_FORMATS | {"uri"}),
    closed=False,
    null_is_absent=False,
    shares=True,
    circles=True,
    anything="open",
)
# Servers differ, and some fail on a reference in a tool: nothing but types, fields and values.
PLAIN = Dialect(
    strict=False,
    keywords=frozenset({"minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength"}),
    formats=frozenset({"date", "date-time", "time", "uuid"}),
    closed=False,
    null_is_absent=False,
    shares=False,
    circles=False,
    anything="open",
)

# For each name, what is tried in turn: the last one takes every schema.
DIALECTS: dict[Name, tuple[Dialect, ...]] = {
    "openai_strict": (OPENAI_STRICT, LOOSE),
    "anthropic_tool": (ANTHROPIC_STRICT, LOOSE),
    "plain_tool": (PLAIN,),
}
