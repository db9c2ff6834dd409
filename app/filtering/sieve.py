"""One text on its way through the rules: what may go on goes on, as soon as that is sure.

Held back is what a match could still begin in, from the first such character on: less than the
longest match has, and mostly nothing or one word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.filtering.rules import Action, Rule
from app.filtering.tracks import Match, Patterns, Track

# How often something was found, by the name of the rule and what it does.
Tally = Counter[tuple[str, Action]]


class Blocked(Exception):
    """A text that may not go on. Nothing of what has matched was let through."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Screen:
    """The rules of one direction. It is made once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.blocking = Patterns([rule for rule in rules if rule.action == "block"])
        self.masking = Patterns([rule for rule in rules if rule.action == "mask"])
        self.flagging = Patterns([rule for rule in rules if rule.action == "flag"])

    def __bool__(self) -> bool:
        """Whether there is anything to look for in a text."""
        return bool(self.blocking or self.masking or self.flagging)

    def passed(self, text: str, tally: Tally) -> str:
        """A whole text, as it may go on. Raises Blocked."""
        sieve = Sieve(self, tally)
        return sieve.push(text) + sieve.end()


class Sieve:
    """Of one text. What is found goes into the `tally`."""

    def __init__(self, screen: Screen, tally: Tally) -> None:
        self._tally = tally
        self._block = Track(screen.blocking)
        self._mask = Track(screen.masking)
        self._flag = Track(screen.flagging)
        self._text = ""  # from what a track has not done with yet
        self._before = ""  # the character before it
        self._sent = 0  # so much of it has gone on
        self._masks: list[Match] = []  # of what has not gone on

    @property
    def held(self) -> int:
        """Characters that are held back."""
        return len(self._text) - self._sent

    def push(self, text: str) -> str:
        """What may go on, now that this has come. Raises Blocked."""
        self._text += text
        return self._advance(whole=False)

    def end(self) -> str:
        """The rest: nothing more will come. Raises Blocked."""
        return self._advance(whole=True)

    def _advance(self, *, whole: bool) -> str:
        text, before = self._text, self._before
        for match in self._flag.find(text, before, whole=whole):
            self._tally[match.rule.name, "flag"] += 1
        for match in self._block.find(text, before, whole=whole):
            self._tally[match.rule.name, "block"] += 1
            raise Blocked(match.rule.name)
        self._masks += self._mask.find(text, before, whole=whole)
        passed = self._pass(min(self._block.at, self._mask.at))
        self._forget(min(self._sent, self._flag.at))
        return passed

    def _pass(self, sure: int) -> str:
        """The text up to there, masked. A match that goes beyond stays whole."""
        passed = []
        while self._masks and self._masks[0].start < sure:
            match = self._masks[0]
            if match.end > sure:
                sure = match.start
                break
            passed += [self._text[self._sent : match.start], match.mask]
            self._tally[match.rule.name, "mask"] += 1
            self._sent = match.end
            self._masks.pop(0)
        if sure > self._sent:
            passed.append(self._text[self._sent : sure])
            self._sent = sure
        return "".join(passed)

    def _forget(self, done: int) -> None:
        if not done:
            return
        self._before, self._text = self._text[done - 1], self._text[done:]
        self._sent -= done
        for track in (self._block, self._mask, self._flag):
            track.at -= done
        self._masks = [m._replace(start=m.start - done, end=m.end - done) for m in self._masks]
