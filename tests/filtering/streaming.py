"""Texts as models stream them: in chunks, which are cut anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from app.filtering.rules import Rule
from app.filtering.sieve import Blocked, Screen, Sieve, Tally


def screen(action: str = "block", **rule: object) -> Screen:
    return Screen([Rule(name="it", action=action, **rule)])  # type: ignore[arg-type]


class Told:
    """What has gone on of a text, what was held back most, and whether it was blocked."""

    def __init__(self, screened: Screen, chunks: Iterable[str]) -> None:
        self.text, self.held, self.blocked = "", 0, False
        self.tally = Tally()
        sieve = Sieve(screened, self.tally)
        try:
            for chunk in chunks:
                self.text += sieve.push(chunk)
                self.held = max(self.held, sieve.held)
            self.text += sieve.end()
        except Blocked:
            self.blocked = True


def cut(text: str, at: Sequence[int]) -> Iterator[str]:
    """In pieces that end at these positions."""
    last = 0
    for position in sorted({*at, len(text)}):
        yield text[last:position]
        last = position


def every_cut(text: str, start: int, end: int) -> Iterator[Sequence[str]]:
    """The text cut once at each position in and around a stretch of it, and into single letters."""
    for position in range(max(0, start - 1), min(len(text), end + 1) + 1):
        yield list(cut(text, [position]))
    yield list(text)
