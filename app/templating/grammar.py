"""What of Jinja2 a prompt may use: too little to loop without end, or to reach anything.

Variables are shown, asked for with `if`, and lists are walked through with `for`. There are no
calls, filters, attributes (but a loop's own), assignments, or operators that make a new value. And
what callers write in their own words can be shown and asked whether it is there, and that is all:
nothing else in a prompt can depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import nodes

from app.templating.variables import FREE, Kind

_DEEPEST = 2  # loops in one another
_LOOP = {"index", "index0", "first", "last", "length"}
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Getattr,
)

# By name, what a place in a template knows.
Known = Mapping[str, Kind]


def check(tree: nodes.Template, known: Known, *, free: bool) -> Iterator[str]:
    """A sentence for each thing that is not allowed. `free`: own words may be shown here."""
    yield from _children(tree, known, free, 0)


def names(tree: nodes.Template) -> set[str]:
    """All that are read."""
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}


def _children(node: nodes.Node, known: Known, free: bool, depth: int) -> Iterator[str]:
    for child in node.iter_child_nodes():
        yield from _node(child, known, free, depth)


def _node(node: nodes.Node, known: Known, free: bool, depth: int) -> Iterator[str]:
    if not isinstance(node, _ALLOWED):
        yield _said(node, f"{type(node).__name__.lower()} is nothing that a prompt may use.")
    elif isinstance(node, nodes.For):
        yield from _for(node, known, free, depth)
    elif isinstance(node, nodes.Name):
        yield from _name(node, known)
    elif isinstance(node, nodes.Getattr):
        yield from _attribute(node, depth)
    else:
        if isinstance(node, nodes.Output) and not free:
            yield from _shown(node, known)
        if isinstance(node, nodes.Compare):
            yield from _compared(node, known)
        yield from _children(node, known, free, depth)


def _for(node: nodes.For, known: Known, free: bool, depth: int) -> Iterator[str]:
    over, target = node.iter, node.target
    if not isinstance(over, nodes.Name) or known.get(over.name) != "texts":
        yield _said(node, "a loop goes through a variable of type texts, and nothing else.")
        return
    if not isinstance(target, nodes.Name) or node.recursive or node.test is not None:
        yield _said(node, "a loop is written {% for NAME in LIST %}, and no more.")
        return
    if depth == _DEEPEST:
        yield _said(node, f"no more than {_DEEPEST} loops may stand in one another.")
        return
    inner: Known = {**known, target.name: "text"}
    for child in [*node.body, *node.else_]:
        yield from _node(child, inner, free, depth + 1)


def _name(node: nodes.Name, known: Known) -> Iterator[str]:
    if node.name not in known:
        yield _said(node, f"{node.name} is not among the variables.")


def _attribute(node: nodes.Getattr, depth: int) -> Iterator[str]:
    of_loop = isinstance(node.node, nodes.Name) and node.node.name == "loop" and depth
    if not of_loop or node.attr not in _LOOP:
        yield _said(node, f"the attribute {node.attr} is nothing that a prompt may use.")


def _shown(node: nodes.Output, known: Known) -> Iterator[str]:
    for name in _free(node, known):
        said = f"{name.name} is what a caller writes; it may be shown in the user part alone."
        yield _said(name, said)


def _compared(node: nodes.Compare, known: Known) -> Iterator[str]:
    # Others are not for every value: an integer that was left out is neither more nor less.
    if any(operand.op not in ("eq", "ne") for operand in node.ops):
        yield _said(node, "a comparison is == or !=, and nothing else.")
    for name in _free(node, known):
        said = f"{name.name} is what a caller writes; it cannot be compared with anything."
        yield _said(name, said)


def _free(node: nodes.Node, known: Known) -> list[nodes.Name]:
    return [name for name in node.find_all(nodes.Name) if known.get(name.name) in FREE]


def _said(node: nodes.Node, sentence: str) -> str:
    """Jinja tells no line of what it has put around a block by itself."""
    lines = (each.lineno for each in (node, *node.find_all(nodes.Node)))
    return f"line {next(filter(None, lines), '?')}: {sentence}"
