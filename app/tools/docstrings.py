"""What a docstring says: of a function or a class, and of each of its arguments."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import NamedTuple

_SECTION = re.compile(r"(Args|Arguments|Attributes|Raises|Returns|Yields|Examples?|Notes?):\s*\Z")
_OF_ARGUMENTS = {"Args", "Arguments", "Attributes"}
_ARGUMENT = re.compile(r"\s+(\w+)(?: \([^)]*\))?:\s*(.*)\Z")


class Said(NamedTuple):
    """`arguments` are by name."""

    whole: str
    arguments: dict[str, str]


def read(docstring: str | None) -> Said:
    """In Google's style, with a section `Args:`; what it raises is not for a model."""
    whole: list[str] = []
    arguments: dict[str, list[str]] = {}
    section, indent, name = "", 0, ""
    for line in cleandoc(docstring or "").splitlines():
        if head := _SECTION.match(line):
            section, indent = head[1], 0
            if section not in _OF_ARGUMENTS | {"Raises"}:
                whole.append(line)
        elif line.strip() and not line[0].isspace():
            section = ""
            whole.append(line)
        elif section not in _OF_ARGUMENTS | {"Raises"}:
            whole.append(line)
        elif section != "Raises" and line.strip():
            depth = len(line) - len(line.lstrip())
            indent = indent or depth
            if depth == indent and (found := _ARGUMENT.match(line)):
                name = found[1]
                arguments[name] = [found[2]]
            elif name:
                arguments[name].append(line.strip())
    return Said(
        "\n".join(whole).strip(),
        {name: " ".join(lines).strip() for name, lines in arguments.items()},
    )
