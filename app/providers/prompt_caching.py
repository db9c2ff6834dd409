"""Where Anthropic is asked to cache a prompt: at the ends of prefixes that come again.

A marked prefix that is too short is not cached, and one that never comes again costs a quarter
more than it would have. So the marks stand after tools and system prompt, and after what was said
before the new message: two of the four that a request may have.
"""

from __future__ import annotations

from typing import Any

import msgspec

# About 1,024 tokens, the least that any model caches, at 4 bytes of JSON for one.
_LONG = 4096
_MARK = {"type": "ephemeral"}


def mark(body: dict[str, Any]) -> dict[str, Any]:
    """`body` with the marks that are worth their cost. It is changed in place."""
    fixed = [body.get("tools"), body.get("system")]
    earlier = body["messages"][:-1]
    if _is_long(fixed):
        _mark_fixed(body)
    if earlier and _is_long([fixed, earlier]):
        earlier[-1]["content"] = _marked(earlier[-1]["content"])
    return body


def _is_long(prefix: object) -> bool:
    return len(msgspec.json.encode(prefix)) >= _LONG


def _mark_fixed(body: dict[str, Any]) -> None:
    """The system prompt follows the tools, so one mark at the end covers both."""
    if "system" in body:
        body["system"] = _marked(body["system"])
    else:
        body["tools"][-1]["cache_control"] = _MARK


def _marked(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`content` as blocks, the last with a mark if it can bear one: thinking cannot."""
    if isinstance(content, str):
        return [{"type": "text", "text": content, "cache_control": _MARK}]
    if content[-1]["type"] not in ("thinking", "redacted_thinking"):
        content[-1]["cache_control"] = _MARK
    return content
