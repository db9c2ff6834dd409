"""What is wrong with a value, in words that a person and a model can act on."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """`code` is what a program branches on, `sentence` what a person reads."""

    path: Path
    code: str
    sentence: str


class Unclear(Exception):
    """A spelling that means nothing, or more than one thing."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def pattern(path: Path) -> str:
    """The names of a path without its places in lists, as `line_items.amount`."""
    return ".".join(step for step in path if isinstance(step, str))


def only_in_capitals(value: str, choices: list[str]) -> str | None:
    """The only choice that differs from a value in nothing but capitals, or None."""
    folded = value.strip().casefold()
    same = {choice for choice in choices if choice.casefold() == folded}
    return same.pop() if len(same) == 1 else None
