"""One answer of those to the pieces of a long text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.evidence.fields import Field
from app.evidence.issues import Issue, Path, pattern
from app.evidence.repeats import union, without_repeats
from app.evidence.rules import Tree, leaf_of, one_of, plain
from app.evidence.splitting import Range


@dataclass(frozen=True, slots=True)
class Part:
    """A piece's range, and its answer with the fields that `finding.find` made of it.

    Their offsets count from the piece's beginning. Data of None: the piece failed.
    """

    range: Range
    data: Mapping[str, Any] | None
    fields: Sequence[Field] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """`fields` have paths of `data` and offsets in the whole text."""

    data: dict[str, Any]
    fields: list[Field]
    issues: list[Issue]
    missing_ranges: list[Range]


def merge(parts: Sequence[Part], rules: Mapping[str, str]) -> Merged:
    """Put answers together, in the order of the text.

    `rules` say by pattern, as `line_items.amount`, which of several values counts. For a value:
    `first`, `last`, `surest` (the default; found in the text before confident) or `sum`. For a
    list: `concatenate` (the default; what two pieces both saw stands once), `union` (equal ones
    stand once), `first`, `last`. A null says nothing where another piece has a value.
    """
    issues: list[Issue] = []
    trees = [_tree(part) for part in parts if part.data is not None]
    whole = _merged(trees, (), rules, issues) if trees else {}
    data = plain(whole)
    fields = [replace(leaf, path=path) for path, leaf in _flat(whole)]
    return Merged(data, fields, issues, missing_ranges(parts))


def missing_ranges(parts: Sequence[Part]) -> list[Range]:
    """What no piece that succeeded has read, in order."""
    missing: list[Range] = []
    read = [part.range for part in parts if part.data is not None]
    for part in parts:
        if part.data is None:
            start, end = part.range
            start = max([start, *(stop for begin, stop in read if begin <= start < stop)])
            end = min([end, *(begin for begin, stop in read if begin < end <= stop)])
            if start < end:
                missing.append((start, end))
    return _joined(missing)


def _joined(ranges: list[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _tree(part: Part) -> Tree:
    fields = {field.path: field.moved(part.range[0]) for field in part.fields}

    def grown(value: Any, path: Path) -> Tree:
        if isinstance(value, Mapping):
            return {key: grown(held, (*path, key)) for key, held in value.items()}
        if isinstance(value, (list, tuple)):
            return [grown(held, (*path, at)) for at, held in enumerate(value)]
        return fields.get(path) or leaf_of(value, path)

    return grown(part.data, ())


def _merged(nodes: list[Tree], path: Path, rules: Mapping[str, str], issues: list[Issue]) -> Tree:
    told = [node for node in nodes if plain(node) is not None] or nodes[:1]
    rule = rules.get(pattern(path), "")
    if len(told) == 1 or rule == "first":
        return told[0]
    if rule == "last":
        return told[-1]
    objects = [node for node in told if isinstance(node, dict)]
    lists = [node for node in told if isinstance(node, list)]
    if len(objects) == len(told):
        names = dict.fromkeys(name for node in objects for name in node)
        return {
            name: _merged([o[name] for o in objects if name in o], (*path, name), rules, issues)
            for name in names
        }
    if len(lists) == len(told):
        return union(lists) if rule == "union" else without_repeats(lists)
    return one_of([node for node in told if isinstance(node, Field)], path, rule, issues)


def _flat(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Field]]:
    if isinstance(tree, Field):
        yield path, tree
    elif isinstance(tree, dict):
        for key, held in tree.items():
            yield from _flat(held, (*path, key))
    else:
        for at, held in enumerate(tree):
            yield from _flat(held, (*path, at))
