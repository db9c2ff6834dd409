"""Where the patterns of some rules match, in a text that may yet go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.filtering.machine import Machine, State
from app.filtering.rules import Part, Rule, parts


class Match(NamedTuple):
    start: int
    end: int
    rule: Rule
    mask: str


class Patterns:
    """Those of some rules, made once for all texts."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._parts = [part for rule in rules for part in parts(rule)]
        self._machine = Machine([(part.node, part.folded, part.whole) for part in self._parts])

    def __bool__(self) -> bool:
        return bool(self._parts)

    def find(self, text: str, at: int, before: str, *, whole: bool) -> tuple[Match | None, int]:
        """The first match that begins at `at` or later, and up to where there is surely no other.

        `before` is the character before the text. Where the text is not `whole`, one that could
        still become another match is left for later, and so is where it begins.
        """
        last = len(text)
        if not self._parts:
            return None, last
        start, inside = self._machine.start, self._machine.inside
        left = text[at - 1] if at else before
        for begin in range(at, last):
            sign = text[begin]
            state: State | None = (inside if _joined(left, sign) else start)[sign]
            left = sign
            if state is None:
                continue
            end, found = begin + 1, []
            while state is not None:
                if state.accepts:
                    found.append((end, state.accepts))
                if end == last:
                    if not whole:
                        return None, begin
                    break
                state, end = state[text[end]], end + 1
            if found and (match := self._best(text, begin, before, found)):
                return match, match.end
        return None, last

    def _best(
        self, text: str, begin: int, before: str, found: Sequence[tuple[int, tuple[int, ...]]]
    ) -> Match | None:
        """The longest; of several that are as long, that of the rule that was written first."""
        left = text[begin - 1] if begin else before
        for end, numbers in reversed(found):
            for part in (self._parts[number] for number in numbers):
                if self._holds(part, text[begin:end], left, text[end : end + 1]):
                    return Match(begin, end, part.rule, part.mask)
        return None

    def _holds(self, part: Part, matched: str, left: str, right: str) -> bool:
        if part.whole and (_joined(left, matched[0]) or _joined(matched[-1], right)):
            return False
        return part.check is None or part.check(matched)


def _joined(left: str, right: str) -> bool:
    """Whether two characters belong to one word."""
    return _in_word(left) and _in_word(right)


def _in_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


class Track:
    """How far one text was searched: from `at` on, matches may still be found."""

    def __init__(self, patterns: Patterns) -> None:
        self.at = 0
        self._patterns = patterns

    def find(self, text: str, before: str, *, whole: bool) -> list[Match]:
        """What there is beyond what was found already."""
        found: list[Match] = []
        while True:
            match, self.at = self._patterns.find(text, self.at, before, whole=whole)
            if match is None:
                return found
            found.append(match)
