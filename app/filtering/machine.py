"""Patterns as one machine that reads a text character by character, and never goes back.

A state is the set of places in all the patterns that the characters so far may have led to. States
and the ways between them are made when a text first needs them, and kept for the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.filtering.grammar import Either, Node, Row, Signs, Times

# Ways that are kept; a text that needs more makes them anew.
_KEPT = 200_000


class State(dict[str, "State | None"]):
    """By a character the state that it leads to; None: it leads nowhere.

    `accepts` are the numbers of the patterns that have a match when they come to here.
    """

    __slots__ = ("_machine", "_places", "accepts")

    def __init__(self, machine: Machine, places: frozenset[int], accepts: tuple[int, ...]) -> None:
        super().__init__()
        self._machine = machine
        self._places = places
        self.accepts = accepts

    def __missing__(self, sign: str) -> State | None:
        self[sign] = found = self._machine.step(self._places, sign)
        return found

    __hash__ = object.__hash__  # type: ignore[assignment]  # a state is itself alone


class Machine:
    """`start` is the state before the first character of a match; `inside` where that is in the
    middle of a word.

    Patterns are numbered as they come. Of each is said whether it is `folded`, matched without
    case, and `whole`, never begun in the middle of a word.
    """

    def __init__(self, patterns: Sequence[tuple[Node, bool, bool]]) -> None:
        self._signs: dict[int, tuple[Signs, bool, int]] = {}  # what a place takes, and to where
        self._on: list[list[int]] = []  # where a place leads without a character
        self._ends: dict[int, int] = {}
        self._states: dict[frozenset[int], State] = {}
        self._kept = 0
        begins = []
        for number, (node, folded, whole) in enumerate(patterns):
            begin = self._place()
            self._ends[self._build(node, begin, folded)] = number
            begins.append((begin, whole))
        self._begin = self._closure(begin for begin, _ in begins)
        self._inside = self._closure(begin for begin, whole in begins if not whole)
        self._forget()

    def step(self, places: frozenset[int], sign: str) -> State | None:
        self._kept += 1
        if self._kept > _KEPT:
            self._forget()
        forms = {sign, sign.lower(), sign.upper()}
        led = [
            to
            for place in places
            if (found := self._signs.get(place))
            for signs, folded, to in [found]
            if (any(map(signs.take, forms)) if folded else signs.take(sign))
        ]
        return self._state(self._closure(led)) if led else None

    def _forget(self) -> None:
        """Whoever reads just now keeps what it has."""
        self._kept = 0
        self._states.clear()
        self.start, self.inside = self._state(self._begin), self._state(self._inside)

    def _state(self, places: frozenset[int]) -> State:
        known = self._states.get(places)
        if known is None:
            accepts = sorted(self._ends[place] for place in places if place in self._ends)
            known = self._states[places] = State(self, places, tuple(accepts))
        return known

    def _closure(self, places: Iterable[int]) -> frozenset[int]:
        """With all that is reached without a character; kept are those that say something."""
        seen: set[int] = set()
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            if place not in seen:
                seen.add(place)
                waiting += self._on[place]
        return frozenset(p for p in seen if p in self._signs or p in self._ends)

    def _place(self) -> int:
        self._on.append([])
        return len(self._on) - 1

    def _build(self, node: Node, begin: int, folded: bool) -> int:
        """Returns the place where the node ends."""
        if isinstance(node, Signs):
            here, end = self._place(), self._place()
            self._on[begin].append(here)
            self._signs[here] = node, folded, end
            return end
        if isinstance(node, Row):
            for part in node.nodes:
                begin = self._build(part, begin, folded)
            return begin
        if isinstance(node, Either):
            end = self._place()
            for part in node.nodes:
                self._on[self._build(part, begin, folded)].append(end)
            return end
        return self._repeated(node, begin, folded)

    def _repeated(self, node: Times, begin: int, folded: bool) -> int:
        for _ in range(node.least):
            begin = self._build(node.node, begin, folded)
        end = self._place()
        for _ in range(node.most - node.least):
            self._on[begin].append(end)
            begin = self._build(node.node, begin, folded)
        self._on[begin].append(end)
        return end
