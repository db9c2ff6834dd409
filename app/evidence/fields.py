"""A leaf of extracted data with what the text says of it, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app.evidence.issues import Issue, Path
from app.evidence.places import Place

# found: the value stands in the text. quoted: the value is a judgement, and what it was made of
# stands there. summed: it was added up of such. absent: there is no value.
Support = Literal["found", "quoted", "summed", "unsupported", "absent"]
Source = Literal["model", "evidence", "rule"]

# Where the model says nothing of its own.
_BY_SUPPORT: dict[Support, float] = {"found": 0.9, "quoted": 0.7, "summed": 0.7}
_UNSUPPORTED = 0.2
_AMBIGUOUS = 0.5
_BROKEN_RULE = 0.3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where it stands: `source[start:end] == quote`, in code points."""

    quote: str
    start: int
    end: int
    # The text can be read in more than one way here.
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A leaf. Of the confidence, 0 to 1, `source` says who has it; None: nobody claims any."""

    path: Path
    value: Any
    support: Support
    evidence: Evidence | None = None
    confidence: float | None = None
    source: Source | None = None

    def moved(self, by: int) -> Field:
        """The same in a text that begins `by` earlier."""
        there = self.evidence
        if there is None:
            return self
        return replace(self, evidence=replace(there, start=there.start + by, end=there.end + by))


@dataclass(frozen=True, slots=True)
class Hints:
    """What the model and the schema say; `pattern`s are paths without places in lists."""

    quotes: Mapping[Path, str] = field(default_factory=dict)
    # 0 to 1, as the model says. A path stands for all that is in it, and () for everything.
    confidence: Mapping[Path, float] = field(default_factory=dict)
    # By pattern, what stands before such a value in texts; its name always does.
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # Patterns of judgements, which have a quote at most, and of what isn't of the text at all.
    judged: Set[str] = frozenset()
    beside: Set[str] = frozenset()


def evidence(source: str, place: Place) -> Evidence:
    """What stands at a place."""
    return Evidence(source[place.start : place.end], place.start, place.end, place.ambiguous)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything in it that holds nothing else, in order."""
    stack = [(path, value)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping):
            stack += [((*path, key), held) for key, held in reversed([*value.items()])]
        elif isinstance(value, (list, tuple)):
            stack += [((*path, at), held) for at, held in reversed([*enumerate(value)])]
        else:
            yield path, value


def weighed(found: Field, stated: float | None) -> Field:
    """With its confidence: what the model states, but little for what the text doesn't say."""
    if found.support == "absent":
        return replace(found, confidence=stated, source=None if stated is None else "model")
    most = _most(found)
    if stated is None:
        return replace(
            found, confidence=min(most, _BY_SUPPORT.get(found.support, most)), source="evidence"
        )
    if stated > most:
        return replace(found, confidence=most, source="evidence")
    return replace(found, confidence=stated, source="model")


def judged_by(fields: Sequence[Field], issues: Sequence[Issue]) -> list[Field]:
    """With less confidence in what an issue is about, or in all of an object that one is about."""
    paths = {issue.path for issue in issues}
    return [_doubted(each) if _is_under(each.path, paths) else each for each in fields]


def ambiguities(fields: Sequence[Field]) -> list[Issue]:
    """An issue for each value whose place in the text can be read otherwise as well."""
    return [
        Issue(
            each.path,
            "ambiguous_evidence",
            f'"{each.evidence.quote}" can be read in more than one way; '
            "the caller's locale would decide it.",
        )
        for each in fields
        if each.evidence and each.evidence.ambiguous
    ]


def _most(found: Field) -> float:
    if found.support == "unsupported":
        return _UNSUPPORTED
    return _AMBIGUOUS if found.evidence and found.evidence.ambiguous else 1.0


def _is_under(path: Path, paths: Set[Path]) -> bool:
    return any(path[:depth] in paths for depth in range(1, len(path) + 1))


def _doubted(each: Field) -> Field:
    if each.confidence is not None and each.confidence <= _BROKEN_RULE:
        return each
    return replace(each, confidence=_BROKEN_RULE, source="rule")
