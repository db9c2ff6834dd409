"""Where a schema holds schemas, and how much work one of them can make of one value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.structure.references import References

JSON = Any

_SAME_LISTS = ("allOf", "anyOf", "oneOf")
_SAME = ("not", "if", "then", "else")
_OTHER_NAMES = ("additionalProperties", "unevaluatedProperties")
_ITEMS = ("items", "additionalItems", "unevaluatedItems", "contains")
# How many schemas may bear on one place of a value, and how many steps finding that out takes.
_MOST_AT_ONCE = 2_000
_MOST_STEPS = 100_000
MOST_WORK = 200_000


class TooEntangled(Exception):
    """Its references multiply: checking one value could take for ever."""


class Entanglement:
    """How often parts of a schema are applied to one place of a value.

    Within one place (`allOf`, `anyOf`, `$ref` …) parts multiply, and so they do from a place to
    the one inside it when several parts name the same property.
    """

    def __init__(self, references: References) -> None:
        self._references = references
        self._steps = 0
        self._inside: dict[int, list[list[JSON]]] = {}
        self._sizes: dict[int, int] = {}

    def work(self, schema: JSON) -> int:
        """The parts applied along the worst path into a value; a circle counts once.

        Raises TooEntangled.
        """
        done: dict[int, int] = {}
        entered: set[int] = set()
        todo = [schema]
        while todo:
            top = todo[-1]
            if id(top) in done:
                todo.pop()
            elif id(top) in entered:
                done[id(todo.pop())] = self._sum(top, done)
            else:
                entered.add(id(top))
                todo += [part for group in self._groups(top) for part in group]
        return done[id(schema)]

    def work_within(self, schema: JSON, depth: int) -> int:
        """The same for a value of a depth, with every circle gone round. Raises TooEntangled."""
        return self._work_within(schema, depth, {})

    def _work_within(self, schema: JSON, depth: int, known: dict[tuple[int, int], int]) -> int:
        key = (id(schema), depth)
        if depth == 0:
            return 1
        if key not in known:
            worst = max(
                (
                    sum(self._work_within(part, depth - 1, known) for part in group)
                    for group in self._groups(schema)
                ),
                default=0,
            )
            known[key] = self._sizes[id(schema)] + worst
        return known[key]

    def _sum(self, schema: JSON, done: dict[int, int]) -> int:
        worst = max(
            (sum(done.get(id(part), 1) for part in group) for group in self._groups(schema)),
            default=0,
        )
        if self._sizes[id(schema)] + worst > MOST_WORK:
            raise TooEntangled
        return self._sizes[id(schema)] + worst

    def _groups(self, schema: JSON) -> list[list[JSON]]:
        """What bears on the places inside, a list for each place."""
        if id(schema) not in self._inside:
            parts = self._closure(schema)
            self._sizes[id(schema)] = len(parts)
            self._inside[id(schema)] = _by_place(parts)
        return self._inside[id(schema)]

    def _closure(self, schema: JSON) -> list[dict[str, JSON]]:
        """Every part that bears on the same place, as often as it does."""
        found: list[dict[str, JSON]] = []
        todo = [schema]
        while todo:
            part = todo.pop()
            self._steps += 1
            if isinstance(part, dict):
                found.append(part)
                todo += self._same_place(part)
            if len(found) + len(todo) > _MOST_AT_ONCE or self._steps > _MOST_STEPS:
                raise TooEntangled
        return found

    def _same_place(self, schema: dict[str, JSON]) -> Iterator[JSON]:
        if isinstance(schema.get("$ref"), str):
            yield self._references.target(schema)
            if self._references.legacy:
                return
        for keyword in _SAME_LISTS:
            if isinstance(parts := schema.get(keyword), list):
                yield from parts
        for keyword in _SAME:
            if keyword in schema:
                yield schema[keyword]
        for keyword in ("dependentSchemas", "dependencies"):
            if isinstance(parts := schema.get(keyword), dict):
                yield from parts.values()


def _by_place(parts: list[dict[str, JSON]]) -> list[list[JSON]]:
    names: dict[str, list[JSON]] = {}
    others: list[JSON] = []
    places: list[list[JSON]] = []
    items: list[JSON] = []
    for part in parts:
        for name, inner in _mapping(part, "properties"):
            names.setdefault(name, []).append(inner)
        others += [inner for _, inner in _mapping(part, "patternProperties")]
        others += [part[keyword] for keyword in _OTHER_NAMES if keyword in part]
        items += [part[keyword] for keyword in _ITEMS if isinstance(part.get(keyword), dict)]
        for keyword in ("items", "prefixItems"):
            if isinstance(inner := part.get(keyword), list):
                places += [[one] for one in inner]
    places += [items, others] + [group + others for group in names.values()]
    return [[part for part in place if isinstance(part, dict)] for place in places]


def _mapping(schema: dict[str, JSON], keyword: str) -> Iterator[tuple[str, JSON]]:
    if isinstance(parts := schema.get(keyword), dict):
        yield from parts.items()
