"""Finding a string in a text, whatever its white space, capitals, width and composition."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate, count
from operator import add

from app.evidence.places import MOST, Place
from app.evidence.writing import fold, tokens

# Between tokens; no token holds it.
_EDGE = "\n"


class Words:
    """A text as its tokens. A string is found where its tokens stand one after the other."""

    def __init__(self, source: str) -> None:
        """One pass over the text."""
        memo = _Folds()
        spans = [match.span() for match in tokens().finditer(source)]
        folded = [memo[source[start:end]] for start, end in spans]
        if "" in memo.values():
            kept = [pair for pair in zip(spans, folded, strict=True) if pair[1]]
            spans, folded = [span for span, _ in kept], [fold for _, fold in kept]
        self._spans = spans
        self._text = _EDGE.join(["", *folded, ""])
        # Where each token begins in that text, after the edges before it.
        self._offsets = [*map(add, accumulate(map(len, folded), initial=0), count(1))]

    def find(self, value: str) -> list[Place]:
        """Where it stands, whole words only, from the first place on and MOST at most."""
        needle = _needle(value)
        places: list[Place] = []
        at = self._text.find(needle) if needle else -1
        while at >= 0 and len(places) < MOST:
            places.append(self._place(at + 1, at + len(needle) - 1))
            at = self._text.find(needle, at + 1)
        return places

    def distance(self, label: str, start: int, reach: int = 80) -> int | None:
        """Characters from a label to the place that it stands before; None if it is further."""
        needle = _needle(label)
        token = bisect_left(self._spans, (start, start))
        edge = self._offsets[token]
        at = self._text.rfind(needle, max(0, edge - reach), edge) if needle else -1
        return None if at < 0 else edge - at - len(needle)

    def _place(self, start: int, end: int) -> Place:
        first = bisect_right(self._offsets, start) - 1
        last = bisect_right(self._offsets, end - 1) - 1
        return Place(self._spans[first][0], self._spans[last][1])


class _Folds(dict[str, str]):
    """Tokens as they are compared, each made once."""

    def __missing__(self, token: str) -> str:
        self[token] = folded = _folded(token)
        return folded


def _folded(token: str) -> str:
    folded = fold(token)
    return folded if token.isascii() else _EDGE.join(tokens().findall(folded))


def _needle(value: str) -> str:
    folded = [folded for token in tokens().findall(value) if (folded := _folded(token))]
    return _EDGE.join(["", *folded, ""]) if folded else ""
