"""From what was found out to what is answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.evidence import fields as evidence
from app.evidence import issues as evidence_issues
from app.evidence.fields import Support
from app.services.extraction.result import Field, Issue, Loosened, SchemaSaid, Severity, Status
from app.services.extraction.target import Target
from app.structure.wire import Wire

_STATUS: dict[Support, Status] = {
    "found": "supported",
    "quoted": "supported",
    "summed": "supported",
    "unsupported": "unsupported",
    "absent": "absent",
}


def fields(
    found: Sequence[evidence.Field], told: Sequence[evidence_issues.Issue]
) -> tuple[list[Field], list[evidence_issues.Issue]]:
    """The leaves, less sure where something is told of them, and what is to be told besides."""
    warnings = [*told, *evidence.ambiguities(found)]
    return [_field(each) for each in evidence.judged_by(found, told)], warnings


def issues(found: Iterable[evidence_issues.Issue], severity: Severity = "error") -> list[Issue]:
    return [Issue(each.path, each.code, each.sentence, severity) for each in found]


def schema(target: Target, wire: Wire) -> SchemaSaid:
    loosened = [Loosened(each.path, each.keyword, each.reason) for each in wire.loosened]
    if target.name is None or target.version is None:
        return SchemaSaid(loosened=loosened)
    return SchemaSaid(name=target.name, version=target.version, loosened=loosened)


def _field(found: evidence.Field) -> Field:
    there: Any = found.evidence
    return Field(
        path=found.path,
        quote=there.quote if there else None,
        start=there.start if there else None,
        end=there.end if there else None,
        status=_STATUS[found.support],
        confidence=found.confidence,
        confidence_from=found.source,
    )
