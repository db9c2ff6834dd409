"""From what was accepted of each piece to the one answer about the whole text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.errors import ExtractionFailed, ParleyError
from app.evidence import merging
from app.evidence.fields import Field
from app.evidence.issues import Issue
from app.services.extraction.inquiry import Accepted
from app.services.extraction.journal import Journal
from app.services.extraction.prompting import Piece
from app.services.extraction.target import Source, Target

# The name under which data that is no object is merged.
_ROOT = "extracted"


@dataclass(frozen=True)
class Found:
    """Valid data with its leaves. `missing` are the ranges that nobody has read."""

    data: Any
    fields: Sequence[Field]
    warnings: Sequence[Issue]
    missing: Sequence[tuple[int, int]]
    by: Accepted


def of_one(target: Target, source: Source, answer: Accepted) -> Found:
    fields = target.fields(source, answer.data, answer.quoted)
    return Found(answer.data, fields, answer.warnings, [], answer)


def of_several(
    target: Target,
    source: Source,
    pieces: Sequence[Piece],
    answers: Sequence[Accepted | ParleyError],
    journal: Journal,
) -> Found:
    """Merged by the schema's rules, and held against all of it.

    Raises:
        ParleyError: no piece was answered.
        ExtractionFailed: what was merged is not valid.
    """
    accepted = [answer for answer in answers if isinstance(answer, Accepted)]
    if not accepted:
        raise next(answer for answer in answers if isinstance(answer, ParleyError))
    parts = [_part(target, source, *pair) for pair in zip(pieces, answers, strict=True)]
    merged = merging.merge(parts, target.merge)
    data, fields = _unwrapped(merged.data, merged.fields)
    judged = target.judge(data, source)
    told = [*merged.issues, *(warning for answer in accepted for warning in answer.warnings)]
    wrong = judged.issues
    # A rule of the whole says little about what was read in part.
    if wrong and merged.missing_ranges and not _misshapen(target, source, data):
        told, wrong = [*told, *wrong], ()
    if wrong:
        journal.rejected(data, wrong)
        raise ExtractionFailed(
            "The parts of the text were read, and what they say together is not valid. `issues` "
            "says why; a model that reads more at once may do better."
        )
    told = [*told, *judged.warnings]
    return Found(judged.data, fields, told, merged.missing_ranges, accepted[-1])


def _misshapen(target: Target, source: Source, data: Any) -> bool:
    return target.name is None or bool(target.judge(data, replace(source, whole=False)).issues)


def _part(
    target: Target, source: Source, piece: Piece, answer: Accepted | ParleyError
) -> merging.Part:
    span = (piece.start, piece.start + len(piece.text))
    if not isinstance(answer, Accepted):
        return merging.Part(span, None)
    fields = target.fields(Source(piece.text, source.locale), answer.data, answer.quoted)
    if isinstance(answer.data, Mapping):
        return merging.Part(span, answer.data, fields)
    wrapped = [replace(field, path=(_ROOT, *field.path)) for field in fields]
    return merging.Part(span, {_ROOT: answer.data}, wrapped)


def _unwrapped(data: Any, fields: Sequence[Field]) -> tuple[Any, Sequence[Field]]:
    if data.keys() == {_ROOT} and all(field.path[0] == _ROOT for field in fields):
        return data[_ROOT], [replace(field, path=field.path[1:]) for field in fields]
    return data, fields
