"""Cutting a text that is too long into pieces, at borders that a reader would choose."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import combining

Range = tuple[int, int]

# What a piece may end after, the best first: a paragraph, a line, a sentence, a word.
_BORDERS = (
    re.compile(r"\n[ \t\r]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"[.!?…]['\"”’)\]]?\s+|[。！？｡]['\"”’」』）]?\s*"),
    re.compile(r"\s+|[、，；]"),
)


def split(text: str, size: int, count: Callable[[str], int], overlap: int = 0) -> list[Range]:
    """Ranges that cover the text in order, each of `size` tokens at most.

    Args:
        count: Tokens of a text; of a longer one never fewer.
        overlap: Tokens that a piece shares with the one before it, at most; under half of `size`.

    Raises ValueError where a single character is too much, or an overlap too long.
    """
    if overlap * 2 >= size:
        raise ValueError("An overlap must be under half of a piece.")
    ranges: list[Range] = []
    start = end = 0
    step = size
    while end < len(text):
        limit = _furthest(text, start, end, step, lambda piece: count(piece) <= size)
        step = limit - start
        low = max(end, start + step // 2)
        end = len(text) if limit == len(text) else _border(text, low, limit)
        ranges.append((start, end))
        start = _overlapping(text, start, end, lambda piece: count(piece) <= overlap)
    return ranges


def _furthest(text: str, start: int, least: int, step: int, fits: Callable[[str], bool]) -> int:
    """The furthest end that fits; beyond `least`, or nothing is gained. `step` is a guess."""
    low = high = least + 1
    if not fits(text[start:low]):
        raise ValueError("A piece must hold more than a character. Allow it more tokens.")
    high = max(low, min(len(text), start + step))
    while high > low and fits(text[start:high]):
        low, step = high, step * 2
        high = min(len(text), start + step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(text[start:middle]) else (low, middle)
    return low


def _border(text: str, low: int, high: int) -> int:
    """The last of the best borders after `low` and up to `high`."""
    window = text[low:high]
    for border in _BORDERS:
        ends = [match.end() for match in border.finditer(window)]
        # A match that ends with the window may go on behind it; it is a border all the same.
        if ends:
            return low + ends[-1]
    while high > low + 1 and (combining(text[high]) or text[high] in "\u200d\ufe0f"):
        high -= 1
    return high


def _overlapping(text: str, start: int, end: int, fits: Callable[[str], bool]) -> int:
    """Where the next piece begins: after a border, within the overlap."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(text[middle:end]) else (middle + 1, high)
    window = text[low:end]
    for border in _BORDERS[1:]:
        if match := border.search(window):
            return low + match.end()
    return end
