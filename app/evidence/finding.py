"""Looking up extracted data in the text it was extracted from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.evidence.fields import Evidence, Field, Hints, evidence, leaves, weighed
from app.evidence.issues import Path, pattern
from app.evidence.locales import Locale
from app.evidence.places import Place, choose, within
from app.evidence.text import Text, exact


def find(
    source: str, data: Any, *, locale: Locale | None = None, hints: Hints | None = None
) -> list[Field]:
    """Every leaf of `data`, in order, with the place where the text says it.

    Numbers are ints, floats or Decimals; dates and times are strings as ISO 8601 writes them. A
    quote of the model's counts if it stands in the text and holds the value; without one, and
    for a value that isn't in its quote, the whole text is searched.
    """
    hints = hints or Hints()
    held = [(path, value) for path, value in leaves(data) if pattern(path) not in hints.beside]
    wanted = {number for _, value in held if (number := exact(value)) is not None}
    text = Text(source, locale or Locale(), wanted)
    found = {path: _places(text, path, value, hints) for path, value in held}
    chosen = choose(found, lambda path, place: _distance(text, path, place, hints))
    return [
        weighed(_field(source, path, value, chosen.get(path), hints), _stated(path, hints))
        for path, value in held
    ]


def _places(text: Text, path: Path, value: Any, hints: Hints) -> list[Place]:
    if value is None or value == "":
        return []
    quotes = text.words.find(hints.quotes[path]) if path in hints.quotes else []
    if _is_judged(path, value, hints):
        return quotes
    places = text.places(value)
    return within(places, quotes) or places


def _is_judged(path: Path, value: Any, hints: Hints) -> bool:
    return isinstance(value, bool) or pattern(path) in hints.judged


def _distance(text: Text, path: Path, place: Place, hints: Hints) -> int | None:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    labels = [name.replace("_", " "), *hints.labels.get(pattern(path), ())]
    found = [text.words.distance(label, place.start) for label in labels]
    return min((distance for distance in found if distance is not None), default=None)


def _field(source: str, path: Path, value: Any, place: Place | None, hints: Hints) -> Field:
    if value is None:
        return Field(path, value, "absent")
    if place is None:
        return Field(path, value, "unsupported")
    there: Evidence = evidence(source, place)
    return Field(path, value, "quoted" if _is_judged(path, value, hints) else "found", there)


def _stated(path: Path, hints: Hints) -> float | None:
    """What the model says of the leaf, or else of what it is in."""
    depths = range(len(path), -1, -1)
    stated: Mapping[Path, float] = hints.confidence
    return next((stated[path[:depth]] for depth in depths if path[:depth] in stated), None)
