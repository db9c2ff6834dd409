"""What is said in an answer, before a format makes frames of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A tool's name, and the text of its arguments in the pieces in which it is sent."""

    name: str
    pieces: Sequence[str]


def pieces(count: int) -> Sequence[str]:
    return [f"t{n} " for n in range(count)]


def thoughts(count: int) -> Sequence[str]:
    return [f"r{n} " for n in range(count)]


def calls(count: int, request: Mapping[str, Any]) -> Sequence[Call]:
    """`count` calls of the tools that the request offers, one after the other."""
    names = offered(request)
    return [
        Call(name, cut(arguments(n))) for n, name in zip(range(count), cycle(names), strict=False)
    ]


def offered(request: Mapping[str, Any]) -> Sequence[str]:
    """The names of the tools."""
    return [_name(tool) for tool in request.get("tools") or [{"name": "lookup"}]]


def arguments(number: int) -> str:
    """Of one call: characters of every length, quotes and escapes are in it."""
    return json.dumps({"city": f'Kraków "{number}" 🙂', "days": number}, ensure_ascii=False)


def cut(text: str) -> Sequence[str]:
    """In pieces of 1, 2 and 3 characters."""
    found, sizes = [], cycle((1, 2, 3))
    while text:
        size = next(sizes)
        found.append(text[:size])
        text = text[size:]
    return found


def vectors(request: Mapping[str, Any]) -> dict[str, Any]:
    """One of three numbers for each text: how long it is, and its place."""
    listed = request["input"]
    data = [
        {"object": "embedding", "index": n, "embedding": [len(text), n, 0.25]}
        for n, text in enumerate(listed)
    ]
    used = {"prompt_tokens": 3 * len(listed), "total_tokens": 3 * len(listed)}
    return {"object": "list", "data": data, "model": request["model"], "usage": used}


def _name(tool: Mapping[str, Any]) -> str:
    """OpenAI has it one level deeper than Anthropic."""
    return str(tool.get("function", tool)["name"])
