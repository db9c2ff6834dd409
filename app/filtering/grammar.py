"""Patterns of rules: the part of regular expressions that can be matched in one go, forwards.

    abc  \\.  .  [a-z_]  [^,]  \\d \\w \\s  ( )  (?: )  |  ?  {3}  {2,40}

Nothing repeats without end, so that a match has a greatest length; nothing looks around or back,
so that a text is read once, whatever the pattern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

# Characters of a pattern, of one's longest match, and places that it may unfold into.
MOST_LETTERS, LONGEST, _MOST_PLACES = 500, 1_000, 5_000

_KINDS: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "w": lambda sign: sign.isalnum() or sign == "_",
    "s": str.isspace,
}
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_SPECIAL = set("\\.[](){}|?*+^$")


class BadPattern(ValueError):
    """A sentence on what is wrong with a pattern."""


@dataclass(frozen=True)
class Signs:
    """One character of a set."""

    ranges: tuple[tuple[str, str], ...] = ()
    kinds: str = ""  # of d, w, s; a capital is everything else
    negated: bool = False

    def take(self, sign: str) -> bool:
        found = any(low <= sign <= high for low, high in self.ranges) or any(
            _KINDS[kind.lower()](sign) == kind.islower() for kind in self.kinds
        )
        return found != self.negated


@dataclass(frozen=True)
class Row:
    """One after the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Times:
    node: Node
    least: int
    most: int


Node = Signs | Row | Either | Times


def literal(text: str) -> Node:
    return Row(tuple(Signs(((sign, sign),)) for sign in text))


def longest(node: Node) -> int:
    """Characters of the longest match."""
    match node:
        case Signs():
            return 1
        case Row(nodes):
            return sum(map(longest, nodes))
        case Either(nodes):
            return max(map(longest, nodes), default=0)
        case Times(inner, _, most):
            return most * longest(inner)


def shortest(node: Node) -> int:
    match node:
        case Signs():
            return 1
        case Row(nodes):
            return sum(map(shortest, nodes))
        case Either(nodes):
            return min(map(shortest, nodes), default=0)
        case Times(inner, least, _):
            return least * shortest(inner)


def size(node: Node) -> int:
    """Places that it unfolds into."""
    match node:
        case Signs():
            return 1
        case Row(nodes) | Either(nodes):
            return 1 + sum(map(size, nodes))
        case Times(inner, _, most):
            return most * (1 + size(inner))


def parse(pattern: str) -> Node:
    """Raises BadPattern."""
    if len(pattern) > MOST_LETTERS:
        raise BadPattern(f"it is longer than the {MOST_LETTERS} characters that a pattern may be.")
    reader = _Reader(pattern)
    node = reader.either()
    if not reader.ended:
        raise BadPattern("a ) closes nothing.")
    if shortest(node) == 0:
        raise BadPattern("it would match a text of no characters.")
    if longest(node) > LONGEST or size(node) > _MOST_PLACES:
        raise BadPattern(f"it may match more than {LONGEST} characters, or is too large.")
    return node


@dataclass
class _Reader:
    pattern: str
    at: int = field(default=0)
    depth: int = field(default=0)

    @property
    def ended(self) -> bool:
        return self.at >= len(self.pattern)

    @property
    def next(self) -> str:
        """Empty at the end."""
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        sign = self.next
        if not sign:
            raise BadPattern("it ends in the middle of something.")
        self.at += 1
        return sign

    def either(self) -> Node:
        rows = [self._row()]
        while self.next == "|":
            self.take()
            rows.append(self._row())
        return rows[0] if len(rows) == 1 else Either(tuple(rows))

    def _row(self) -> Node:
        nodes: list[Node] = []
        while self.next not in ("", "|", ")"):
            nodes.append(self._times(self._one()))
        return Row(tuple(nodes))

    def _one(self) -> Node:
        sign = self.take()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._set()
        if sign == ".":
            return Signs((("\n", "\n"),), negated=True)
        if sign == "\\":
            return self._escaped()
        if sign in _SPECIAL:
            raise BadPattern(
                f"{sign!r} has no place here; write \\{sign} for the character itself."
            )
        return Signs(((sign, sign),))

    def _group(self) -> Node:
        if self.pattern.startswith("?", self.at):
            if not self.pattern.startswith("?:", self.at):
                raise BadPattern("groups are written ( ) or (?: ), and nothing looks around.")
            self.at += 2
        self.depth += 1
        if self.depth > 50:
            raise BadPattern("it is nested too deeply.")
        node = self.either()
        if self.next != ")":
            raise BadPattern("a ( is not closed.")
        self.depth -= 1
        self.take()
        return node

    def _escaped(self) -> Signs:
        sign = self.take()
        if sign.lower() in _KINDS:
            return Signs(kinds=sign)
        meant = self._meant(sign)
        return Signs(((meant, meant),))

    def _meant(self, sign: str) -> str:
        if sign in _ESCAPED:
            return _ESCAPED[sign]
        if sign.isalnum():
            raise BadPattern(f"\\{sign} is not known here; for whole words set `whole_words`.")
        return sign

    def _set(self) -> Signs:
        negated = self.next == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        kinds = ""
        while self.next != "]" or not (ranges or kinds):
            low = self.take()
            if low == "\\":
                low = self.take()
                if low.lower() in _KINDS:
                    kinds += low
                    continue
                low = self._meant(low)
            ranges.append((low, self._high(low)))
        self.take()
        return Signs(tuple(ranges), kinds, negated)

    def _high(self, low: str) -> str:
        """The end of a range that begins with `low`, which may be one character long."""
        if self.next != "-" or self.pattern.startswith("-]", self.at):
            return low
        self.take()
        high = self.take()
        high = self._meant(self.take()) if high == "\\" else high
        if high < low:
            raise BadPattern(f"the range {low}-{high} is the wrong way round.")
        return high

    def _times(self, node: Node) -> Node:
        if self.next == "?":
            self.take()
            return self._counted(Times(node, 0, 1))
        if self.next in ("*", "+"):
            raise BadPattern(
                f"{self.next!r} repeats without end, and a match must have a greatest length; "
                "write {0,40}, say."
            )
        if self.next != "{":
            return node
        end = self.pattern.find("}", self.at)
        least, _, most = self.pattern[self.at + 1 : max(end, 0)].partition(",")
        exact = "," not in self.pattern[self.at : max(end, 0)]
        most = least if exact else most
        if not (_count(least) and _count(most)) or int(least) > int(most):
            raise BadPattern("a repetition is written {3} or {2,40}.")
        self.at = end + 1
        return self._counted(Times(node, int(least), int(most)))

    def _counted(self, node: Times) -> Node:
        if self.next and self.next in "?*+{":
            raise BadPattern("a repetition is followed by another; put the first into a group.")
        if size(node) > _MOST_PLACES:
            raise BadPattern(f"it may match more than {LONGEST} characters, or is too large.")
        return node


def _count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4
