"""What an extraction answers, in the words of its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from app.events import Usage
from app.evidence.issues import Path

Status = Literal["supported", "unsupported", "absent"]
Severity = Literal["error", "warning"]
Flag = Literal["document_speaks_to_the_model"]


class Field(msgspec.Struct, frozen=True):
    """A leaf of the data: `text[start:end] == quote`, in code points; None where it has no place.

    `confidence_from` says who has the confidence: the model, what the text says, or a rule.
    """

    path: Path
    quote: str | None
    start: int | None
    end: int | None
    status: Status
    confidence: float | None
    confidence_from: Literal["model", "evidence", "rule"] | None


class Issue(msgspec.Struct, frozen=True):
    path: Path
    code: str
    message: str
    severity: Severity = "error"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model. `part` counts the parts of a long text, from 1."""

    number: int
    part: int
    model: str
    usage: Usage
    cost_usd: Decimal | None
    issues: Sequence[Issue]


class Loosened(msgspec.Struct, frozen=True):
    """What the provider could not be told of the schema, and was checked here alone."""

    path: Sequence[str]
    keyword: str
    reason: str


class SchemaSaid(msgspec.Struct, frozen=True, kw_only=True):
    """`name` and `version` are those of a registered schema."""

    name: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    loosened: Sequence[Loosened] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Data that is valid. Its issues are warnings; Decimals in it are numbers in JSON."""

    run_id: str
    data: Any
    fields: Sequence[Field]
    issues: Sequence[Issue]
    attempts: Sequence[Attempt]
    missing_ranges: Sequence[tuple[int, int]]
    model: str
    schema: SchemaSaid
    flags: Sequence[Flag]
    usage: Usage
    cost_usd: Decimal | None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known where there is no result: the members of the problem."""

    candidate: Any
    issues: Sequence[Issue]
    attempts: Sequence[Attempt]
    usage: Usage
    cost_usd: Decimal | None

    def members(self) -> Mapping[str, Any]:
        return msgspec.structs.asdict(self)


def total(usages: Sequence[Usage]) -> Usage:
    """`estimated` where one of them is."""
    counts = {
        name: sum(getattr(usage, name) for usage in usages)
        for name in Usage.__struct_fields__
        if name != "estimated"
    }
    return Usage(**counts, estimated=any(usage.estimated for usage in usages))


def cost(costs: Sequence[Decimal | None]) -> Decimal | None:
    """None where one of them is not known."""
    known = [each for each in costs if each is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
