"""What is to be extracted, whoever wrote its schema: asked for, judged, and looked up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gevent import get_hub

from app.evidence.fields import Field, Hints
from app.evidence.finding import find
from app.evidence.issues import Issue, Path, pattern
from app.evidence.locales import Locale
from app.services.extraction import quotes
from app.structure.dialects import Name as Dialect
from app.structure.schema import load
from app.structure.wire import Wire, encode

# Characters. To look through more takes so long that other streams would feel it.
_LONG = 50_000


@dataclass(frozen=True)
class Source:
    """A text, how the caller's locale reads it, and whether it is all that there is."""

    text: str
    locale: Locale | None
    whole: bool = True


@dataclass(frozen=True)
class Judged:
    """Data with what is wrong with it, and what only is to be told."""

    data: Any
    issues: Sequence[Issue]
    warnings: Sequence[Issue] = ()


class Target(ABC):
    """`name` and `version` are those of a registered schema; `merge` is by pattern."""

    name: str | None = None
    version: str | None = None
    merge: Mapping[str, str] = {}

    def __init__(self, document: Any, description: str, hints: Hints, choices: set[str]) -> None:
        self.document = document
        self.description = description
        self._hints = hints
        # Patterns of what the text may say in other words than the schema has for it.
        self._choices = choices
        self._wires: dict[tuple[Dialect, bool], Wire] = {}

    @abstractmethod
    def judge(self, answer: Any, source: Source) -> Judged:
        """An answer by shape and by rules; of a part of a text, by what it can be held to."""

    def wire(self, dialect: Dialect, *, whole: bool) -> Wire:
        """What a provider is sent."""
        key = (dialect, whole)
        if key not in self._wires:
            self._wires[key] = encode(load(self.asked(whole=whole)), dialect, close=True)
        return self._wires[key]

    def asked(self, *, whole: bool) -> Any:
        """The JSON Schema of an answer: with quotes, where there are judgements to make."""
        asked = quotes.asking(self.document) if self._choices else self.document
        return asked if whole else in_part(asked)

    def fields(
        self, source: Source, data: Any, quoted: Mapping[Path, str], judged: Sequence[str] = ()
    ) -> list[Field]:
        """Every leaf with what the text says of it, as the model quoted it or as it is found."""
        hints = replace(
            self._hints,
            quotes=quoted,
            confidence=self._stated(data),
            judged=self._hints.judged | set(judged),
        )
        found = _found(source, data, hints)
        if judged or not quoted:
            return found
        chosen = {pattern(f.path) for f in found if f.support == "unsupported"} & self._choices
        return self.fields(source, data, quoted, sorted(chosen)) if chosen else found

    def _stated(self, data: Any) -> dict[Path, float]:
        """How sure the model says it is."""
        stated = data.get("confidence") if "confidence" in self._hints.beside else None
        return {} if stated is None else {(): float(stated)}


def _found(source: Source, data: Any, hints: Hints) -> list[Field]:
    look = partial(find, source.text, data, locale=source.locale, hints=hints)
    found: list[Field] = get_hub().threadpool.apply(look) if len(source.text) > _LONG else look()
    return found


def in_part(document: Any) -> Any:
    """The schema of what a part of a text can say: of the outermost fields any may be absent."""
    if not isinstance(document, dict) or "required" not in document:
        return document
    return {name: value for name, value in document.items() if name != "required"}
