"""Regular expressions of a schema, read only as far as their structure goes (ECMA-262)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<set>\[\^?(?:\\.|[^\]\\])*\])"
    r"|(?P<open>\((?:\?(?:[:=!]|<[=!]|<\w+>))?)"
    r"|(?P<close>\))"
    r"|(?P<bar>\|)"
    r"|(?P<times>[*+?]|\{\d+(?:,\d*)?\})\??"
    r"|(?P<one>.)",
    re.DOTALL,
)
_ZERO_WIDTH = {"^", "$", r"\b", r"\B"}
# As often as this a repetition may be repeated.
_FEW = 9
# Lookarounds, back references, borders of words, classes by property, names.
_FANCY = re.compile(r"\(\?(?!:)|\\[1-9bBpPkcu]")


@dataclass(slots=True)
class _Piece:
    """An atom or a group, with its quantifier.

    `empty`: it may match nothing. `loops`: a group that may be one endless repetition from end
    to end. `endless`: it is one itself.
    """

    empty: bool = False
    loops: bool = False
    endless: bool = False
    size: int = 1


class Anatomy(NamedTuple):
    """`explosive`: a repetition within a repetition can match one text in exponentially many ways.

    `size`: its atoms, each as often as it is counted; an engine unrolls them.
    """

    explosive: bool
    size: int


def anatomy(pattern: str) -> Anatomy:
    branches: list[list[_Piece]] = [[]]
    outer: list[tuple[str, list[list[_Piece]]]] = []
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token.group()
        if kind == "open":
            outer.append((text, branches))
            branches = [[]]
        elif kind == "close" and outer:
            group = _group(outer[-1][0], branches)
            branches = outer.pop()[1]
            branches[-1].append(group)
        elif kind == "bar":
            branches.append([])
        elif kind == "times" and branches[-1]:
            if _repeat(branches[-1][-1], token["times"]):
                return Anatomy(explosive=True, size=0)
        else:
            branches[-1].append(_Piece(empty=text in _ZERO_WIDTH))
    unclosed = [piece for _, group in outer for branch in group for piece in branch]
    whole = [piece for branch in branches for piece in branch]
    return Anatomy(explosive=False, size=sum(piece.size for piece in unclosed + whole))


def _group(opening: str, branches: list[list[_Piece]]) -> _Piece:
    size = 1 + sum(piece.size for branch in branches for piece in branch)
    if opening.endswith(("=", "!")):  # it looks around, and takes nothing
        return _Piece(empty=True, size=size)
    empty = any(all(piece.empty for piece in branch) for branch in branches)
    return _Piece(empty=empty, loops=any(map(_loops, branches)), size=size)


def _loops(branch: list[_Piece]) -> bool:
    """Whether one piece repeats without end, and the others may be empty."""
    solid = [piece for piece in branch if not piece.empty]
    return len(solid) < 2 and any(piece.endless or piece.loops for piece in solid or branch)


def _repeat(piece: _Piece, times: str) -> bool:
    """Quantify the piece; True if it is a repetition already, from end to end."""
    least, _, most = times.strip("{}").partition(",")
    endless = times in "*+" or ("," in times and (not most or int(most[:9]) > _FEW))
    piece.size *= max([1, *(int(count[:9]) for count in (least, most) if count.isdecimal())])
    if endless and piece.loops:
        return True
    piece.empty |= times in "*?" or least.strip("0") == "" != least
    piece.endless |= endless
    return False


def portable(pattern: str) -> bool:
    """Whether engines agree on it: anchored at both ends, no lookaround, no back reference."""
    whole = len(pattern) > 1 and pattern[0] == "^" and pattern[-1] == "$" and pattern[-2] != "\\"
    return whole and not _FANCY.search(pattern) and not _splits(pattern)


def _splits(pattern: str) -> bool:
    """Whether an alternative stands outside all groups, so that an anchor holds for one alone."""
    depth = 0
    for token in _TOKEN.finditer(pattern):
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        if token.lastgroup == "bar" and depth == 0:
            return True
    return False
