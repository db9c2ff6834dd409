"""What is written for people: README.md, SECURITY.md and docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.server.process import ROOT

PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]


def page(name: str) -> str:
    return (ROOT / name).read_text()


def section(name: str, title: str) -> str:
    """What stands under a heading of the second level, without it."""
    _, found, rest = page(name).partition(f"\n## {title}\n")
    assert found, f"{name} has no {title!r}"
    return rest.partition("\n## ")[0]


def rows(text: str) -> Iterator[Sequence[str]]:
    """The cells of every row of every table, without heads; `|` stands between cells alone."""
    for table in re.findall(r"(?m)^\|(?: ?-+:? ?\|)+\n((?:^\|.*\n?)+)", text):
        for line in table.splitlines():
            yield [cell.strip() for cell in line.strip("|").split("|")]


def names(cell: str) -> list[str]:
    """What stands in a cell as code."""
    return re.findall(r"`([^`]+)`", cell)


def unfenced(text: str) -> str:
    return re.sub(r"(?ms)^```.*?^```\n", "", text)


def blocks(text: str) -> list[str]:
    """What is set in by four spaces, as it is typed."""
    found = re.findall(r"(?m)(?:^    .*\n)+", unfenced(text))
    return [re.sub(r"(?m)^    ", "", block) for block in found]


def inline(text: str) -> list[str]:
    """Commands of ours within a sentence, wherever their lines break."""
    found = re.findall(r"`(\.venv/bin/flask [^`]+)`", unfenced(text))
    return [" ".join(command.split()) for command in found]


def written(path: Path) -> str:
    return str(path.relative_to(ROOT))
