"""Which of the values that pieces of a text gave counts, and trees of such values."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.evidence.fields import Field, Support
from app.evidence.issues import Issue, Path
from app.evidence.text import exact

# Data with a field in the place of each leaf.
Tree = Field | dict[str, "Tree"] | list["Tree"]

# For one value and for a list.
OF_VALUES = ("first", "last", "surest", "sum")
OF_LISTS = ("first", "last", "concatenate", "union")

_RANK = {"found": 3, "quoted": 3, "summed": 2, "unsupported": 1, "absent": 0}


def leaf_of(value: Any, path: Path) -> Field:
    """A leaf that nobody has looked up."""
    return Field(path, value, "absent" if value is None else "unsupported")


def plain(tree: Tree) -> Any:
    """The data again."""
    if isinstance(tree, Field):
        return tree.value
    if isinstance(tree, dict):
        return {key: plain(held) for key, held in tree.items()}
    return [plain(held) for held in tree]


def one_of(leaves: Sequence[Field], path: Path, rule: str, issues: list[Issue]) -> Field:
    """The leaf that counts. That pieces disagree is an issue, unless a rule foresees it."""
    if rule == "sum":
        return _sum(leaves, path)
    values = list(dict.fromkeys(_comparable(leaf) for leaf in leaves))
    if len(values) > 1:
        said = ", ".join(str(leaf.value)[:40] for leaf in _different(leaves))
        issues.append(
            Issue(path, "parts_disagree", f"Parts of the text say different things: {said}.")
        )
    return max(leaves, key=lambda leaf: (_RANK[leaf.support], leaf.confidence or 0.0))


def _sum(leaves: Sequence[Field], path: Path) -> Field:
    """Of numbers; what two pieces both saw at one place counts once."""
    seen: dict[object, Field] = {}
    for at, leaf in enumerate(leaves):
        there = leaf.evidence
        seen.setdefault((there.start, there.end) if there else at, leaf)
    summed = list(seen.values())
    numbers = [exact(leaf.value) for leaf in summed]
    known = [number for number in numbers if number is not None]
    if len(summed) == 1 or len(known) < len(numbers):
        return summed[0]
    stated = [leaf.confidence for leaf in summed if leaf.confidence is not None]
    found = all(leaf.evidence for leaf in summed)
    least = min(stated, default=None)
    source = next((leaf.source for leaf in summed if leaf.confidence == least), None)
    support: Support = "summed" if found else "unsupported"
    return Field(path, _like(summed[0].value, sum(known)), support, None, least, source)


def _like(model: Any, total: Decimal | int) -> Any:
    """A number of the kind that was summed up."""
    return type(model)(total) if isinstance(model, (int, float)) else Decimal(total)


def _comparable(leaf: Field) -> object:
    if isinstance(leaf.value, str):
        return " ".join(leaf.value.casefold().split())
    return leaf.value


def _different(leaves: Sequence[Field]) -> list[Field]:
    different: dict[object, Field] = {}
    for leaf in leaves:
        different.setdefault(_comparable(leaf), leaf)
    return list(different.values())
