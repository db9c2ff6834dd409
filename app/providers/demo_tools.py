"""How the demo model shows tools: it calls what a plain pattern asks for, and tells what came."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from app.messages import ToolCallPart, ToolResultPart
from app.providers.base import ModelRequest, Tool
from app.providers.demo_extraction import arguments

_SUM = re.compile(r"\d[\d.]*(?:\s*[-+*/^]\s*\(?\s*\d[\d.]*\)?)+")
_TIME = re.compile(r"\b(?:what time|the time|what day|current time|wie spät)\b", re.IGNORECASE)
_ZONE = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+\b")
_SHOWN = 600  # characters of a result


def called(request: ModelRequest) -> tuple[Tool, str] | None:
    """The tool that is to be called, and its arguments: the one that it is told to call, or that
    the newest message asks for.
    """
    if forced := next((t for t in request.tools if t.name == request.tool_choice), None):
        said = [message.text for message in request.messages if message.role == "user"]
        return forced, arguments(said[0], forced)
    newest = request.messages[-1]
    answers = any(isinstance(part, ToolResultPart) for part in newest.parts)
    if request.tool_choice == "none" or answers:
        return None
    offered = {tool.name: tool for tool in request.tools}
    for name, values in _asked(newest.text).items():
        if name in offered:
            return offered[name], json.dumps(values)
    named = next((t for t in request.tools if f"use {t.name}" in newest.text), None)
    return (named, arguments(newest.text, named)) if named else None


def told(request: ModelRequest) -> str | None:
    """What came of the calls, if the newest message brings it."""
    results = [p for p in request.messages[-1].parts if isinstance(p, ToolResultPart)]
    if not results:
        return None
    parts = [part for message in request.messages for part in message.parts]
    names = {part.call_id: part.name for part in parts if isinstance(part, ToolCallPart)}
    return "\n\n".join(_line(names.get(r.call_id, "tool"), r) for r in results)


def _asked(text: str) -> Mapping[str, Mapping[str, Any]]:
    """By the tool that could tell it, what is asked."""
    asked: dict[str, Mapping[str, Any]] = {}
    if found := _SUM.search(text):
        asked["calculator"] = {"expression": found[0].replace("^", "**").strip()}
    if _TIME.search(text):
        zone = _ZONE.search(text)
        asked["current_time"] = {"zone": zone[0]} if zone else {}
    return asked


def _line(name: str, result: ToolResultPart) -> str:
    lines = result.output.split("\n")
    marked = len(lines) > 2 and lines[0] == lines[-1]
    output = "\n".join(lines[1:-1] if marked else lines)[:_SHOWN]
    said = "could not help" if result.is_error else "says"
    return f"The tool **{name}** {said}: {output}"
