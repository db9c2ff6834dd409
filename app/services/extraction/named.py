"""A registered schema as a target: marshmallow's rules, and what nobody can know set apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from app.evidence.fields import Hints
from app.evidence.issues import Issue, Path
from app.evidence.locales import Locale
from app.services.extraction.choices import put
from app.services.extraction.target import Judged, Source, Target

# What the text leaves open: a model that is asked again could only guess.
_OPEN = {"ambiguous_amount", "ambiguous_date"}


class Checked(Protocol):
    @property
    def data(self) -> dict[str, Any]: ...

    @property
    def issues(self) -> list[Issue]: ...


class Registered(Protocol):
    """What `schemas/extraction` registers. The mappings are by pattern."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def json_schema(self) -> Mapping[str, Any]: ...

    @property
    def merge(self) -> Mapping[str, str]: ...

    @property
    def labels(self) -> Mapping[str, Sequence[str]]: ...

    @property
    def judged(self) -> frozenset[str]: ...

    @property
    def beside(self) -> frozenset[str]: ...

    def examine(
        self, answer: object, source: str, locale: Locale | None, *, rules: bool = True
    ) -> Checked: ...


class Named(Target):
    def __init__(self, kind: Registered) -> None:
        hints = Hints(labels=kind.labels, judged=kind.judged, beside=kind.beside)
        super().__init__(kind.json_schema, kind.description, hints, set(kind.judged))
        self.name = kind.name
        self.version = kind.version
        self.merge = kind.merge
        self._kind = kind

    def judge(self, answer: Any, source: Source) -> Judged:
        found = self._examined(answer, source)
        left_open = [issue for issue in found.issues if issue.code in _OPEN]
        if not left_open or len(left_open) < len(found.issues):
            return Judged(found.data, found.issues)
        again = self._examined(_without(found.data, [issue.path for issue in left_open]), source)
        return Judged(again.data, again.issues, left_open)

    def _examined(self, answer: Any, source: Source) -> Checked:
        return self._kind.examine(answer, source.text, source.locale, rules=source.whole)


def _without(data: Any, paths: Sequence[Path]) -> Any:
    for path in paths:
        data = put(data, path, None)
    return data
