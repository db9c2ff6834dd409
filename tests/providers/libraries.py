"""Every exception that the libraries below the adapters define, and one of each to raise."""

from __future__ import annotations

import asyncio
import builtins
import importlib
import inspect
import json
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import requests
import urllib3.exceptions

LIBRARIES = ["openai", "anthropic", "httpx2", "requests", "urllib3"]

_CLASS = re.compile(r"^[ \t]*class (\w+)\(([^)]*)\)", re.MULTILINE)
_KNOWN = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
} | {"CancelledError"}


@cache
def exceptions(library: str) -> list[type[Exception]]:
    """By name. Found in the source, since much of an SDK is imported only when it is used.

    Warnings are none of them, nor is what a library cannot import without an optional one.
    """
    found = {kind for module, names in _defined(library) for kind in _loaded(module, names)}
    return sorted(
        (kind for kind in found if not issubclass(kind, Warning | asyncio.CancelledError)),
        key=lambda kind: f"{kind.__module__}.{kind.__qualname__}",
    )


def _defined(library: str) -> Iterator[tuple[str, list[str]]]:
    """Modules with the names in them that derive, by name, from an exception."""
    root = Path(str(importlib.import_module(library).__file__)).parent
    classes: list[tuple[str, str, set[str]]] = []
    for file in sorted(root.rglob("*.py")):
        parts = (library, *file.relative_to(root).with_suffix("").parts)
        module = ".".join(parts).removesuffix(".__init__")
        for name, bases in _CLASS.findall(file.read_text(encoding="utf-8")):
            above = {base.strip().rpartition(".")[2] for base in bases.split(",")}
            classes.append((module, name, above))
    known, before = set(_KNOWN), 0
    while len(known) > before:
        before = len(known)
        known |= {name for _, name, above in classes if above & known}
    names: dict[str, list[str]] = {}
    for module, name, above in classes:
        if above & known:
            names.setdefault(module, []).append(name)
    yield from names.items()


def _loaded(module: str, names: list[str]) -> Iterator[type[Exception]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loaded = importlib.import_module(module)
        except ImportError:
            return
    home = module.partition(".")[0]
    for name in names:
        kind = getattr(loaded, name, Warning)
        if issubclass(kind, Exception) and kind.__module__.partition(".")[0] == home:
            yield kind


def made(kind: type[Exception]) -> Exception:
    """One of the kind, with what its constructor asks for."""
    if issubclass(kind, json.JSONDecodeError):
        return kind("no JSON", "<html>", 0)
    if issubclass(kind, requests.HTTPError):
        answer = requests.Response()
        answer.status_code = 500
        return kind("x", response=answer)
    try:
        asked = inspect.signature(kind).parameters.values()
    except ValueError:  # it takes what every exception takes
        return kind("x")
    wanted = [p for p in asked if p.default is p.empty]
    args = [_value(kind, p.name) for p in wanted if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = {p.name: _value(kind, p.name) for p in wanted if p.kind is p.KEYWORD_ONLY}
    return kind(*args, **named)


def _value(kind: type[Exception], parameter: str) -> Any:
    request = httpx2.Request("POST", "http://model.test/")
    status = getattr(kind, "status_code", 500)
    if "ResponseValidation" in kind.__name__:  # of what came with a 200
        status = 200
    response: Any = httpx2.Response(status if isinstance(status, int) else 500, request=request)
    if issubclass(kind, urllib3.exceptions.HTTPError):
        response = SimpleNamespace(tell=lambda: 0, length_remaining=0)
    values: dict[str, Any] = {
        "request": request,
        "response": response,
        "body": None,
        "completion": SimpleNamespace(usage=None),
        "partial": 1,
        "expected": 2,
        "defects": [],
        "reason": "failed",
        "turn": None,
    }
    return values.get(parameter, "x")
