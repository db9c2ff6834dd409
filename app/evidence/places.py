"""Places in a text, and which of several is meant."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from app.evidence.issues import Path, pattern

# Places of one value that are looked at. A value that stands more often says little by its place.
MOST = 100
_FAR = 1 << 60


class Place(NamedTuple):
    """From `start` to before `end`, in code points."""

    start: int
    end: int
    # What stands there can be read in more than one way.
    ambiguous: bool = False

    def holds(self, other: Place) -> bool:
        return self.start <= other.start and other.end <= self.end


def within(places: Iterable[Place], quotes: list[Place]) -> list[Place]:
    """Those that a quote holds."""
    return [place for place in places if any(quote.holds(place) for quote in quotes)]


def choose(
    found: Mapping[Path, list[Place]], distance: Callable[[Path, Place], int | None]
) -> dict[Path, Place]:
    """One place for each path that has any: the one after its label, or nearest to the others.

    `distance` says how far a place is from its label, None if there is none. The others are
    leaves of the same object that stand in one place only, or else of what that object is in. In
    a list, rows that say the same follow each other.
    """
    anchors = _anchors(found)
    chosen: dict[Path, Place] = {}
    # Of rows that say the same each has a place of its own.
    taken: dict[str, dict[Place, None]] = {}
    for path, places in found.items():
        if places:
            others = taken.setdefault(pattern(path), {})
            free = [place for place in places if place not in others] or places
            if len(free) == 1:
                chosen[path] = free[0]
            elif _begins_a_row(path, anchors):
                chosen[path] = _following(free, others)
            else:
                chosen[path] = _nearest(path, free, anchors, distance)
            others[chosen[path]] = None
            if len(places) > 1:
                insort(anchors.setdefault(path[:-1], []), chosen[path].start)
    return chosen


def _begins_a_row(path: Path, anchors: Mapping[Path, list[int]]) -> bool:
    """Whether it is in a list, and nothing beside it says where its row stands."""
    if isinstance(path[-1], int):
        return True
    return path[:-1] not in anchors and any(isinstance(step, int) for step in path)


def _following(places: list[Place], others: dict[Place, None]) -> Place:
    """The first one after that of the row before: rows have the order of the text."""
    last = next(reversed(others), None)
    return next((place for place in places if last is None or place > last), places[0])


def _anchors(found: Mapping[Path, list[Place]]) -> dict[Path, list[int]]:
    """By object, where those of its leaves begin that stand in one place; sorted."""
    anchors: dict[Path, list[int]] = {}
    for path, places in found.items():
        if len(places) == 1:
            for depth in range(len(path)):
                anchors.setdefault(path[:depth], []).append(places[0].start)
    return {path: sorted(starts) for path, starts in anchors.items()}


def _nearest(
    path: Path,
    places: list[Place],
    anchors: Mapping[Path, list[int]],
    distance: Callable[[Path, Place], int | None],
) -> Place:
    depths = range(len(path) - 1, -1, -1)
    starts = next((anchors[path[:depth]] for depth in depths if path[:depth] in anchors), [])

    def rank(place: Place) -> tuple[int, int, int]:
        label = distance(path, place)
        return (_FAR if label is None else label, _gap(starts, place.start), place.start)

    return min(places, key=rank)


def _gap(starts: list[int], start: int) -> int:
    """To the nearest of them."""
    at = bisect_left(starts, start)
    return min((abs(start - other) for other in starts[max(0, at - 1) : at + 1]), default=_FAR)
