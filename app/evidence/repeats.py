"""Lists of several pieces as one, without what overlapping pieces have both seen."""

from __future__ import annotations

from collections.abc import Iterator

from app.evidence.fields import Field
from app.evidence.rules import Tree, plain


def union(lists: list[list[Tree]]) -> list[Tree]:
    """Each once, in order."""
    kept: dict[str, Tree] = {}
    for item in (item for items in lists for item in items):
        kept.setdefault(repr(plain(item)), item)
    return list(kept.values())


def without_repeats(lists: list[list[Tree]]) -> list[Tree]:
    """All in order; of an item that two lists have from one place, the fuller one.

    Two equal items at different places are two, as they are where one list has both.
    """
    kept: list[Tree] = []
    seen: dict[object, set[int]] = {}
    for items in lists:
        # What stands at one place for several items, as a currency above them, tells none apart.
        earlier = {mark: min(items) for mark, items in seen.items() if len(items) == 1}
        for item in items:
            at = _repeated(item, kept, earlier)
            if at is None:
                at = len(kept)
                kept.append(item)
            elif _filled(item) > _filled(kept[at]):
                kept[at] = item
            for mark in _marks(item):
                seen.setdefault(mark, set()).add(at)
    return kept


def _repeated(item: Tree, kept: list[Tree], earlier: dict[object, int]) -> int | None:
    places = {earlier[mark] for mark in _marks(item) if mark in earlier}
    return next((at for at in sorted(places) if _agree(item, kept[at])), None)


def _marks(item: Tree) -> list[object]:
    """By what an item is known again: where it stands, or else what it says."""
    places: list[object] = [
        (leaf.evidence.start, leaf.evidence.end) for leaf in _leaves(item) if leaf.evidence
    ]
    return places or [repr(plain(item))]


def _agree(one: Tree, other: Tree) -> bool:
    """Whether they say the same, or one of them less: a piece may end in the middle of an item."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(held, other[key]) for key, held in one.items() if key in other)
    if plain(one) is None or plain(other) is None:
        return True
    return bool(plain(one) == plain(other))


def _filled(item: Tree) -> int:
    return sum(leaf.value is not None for leaf in _leaves(item))


def _leaves(tree: Tree) -> Iterator[Field]:
    if isinstance(tree, Field):
        yield tree
    else:
        for held in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(held)
