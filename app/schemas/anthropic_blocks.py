"""The messages and tools of Anthropic's API, as ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.messages import Draft, Part, Picture, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from app.schemas.openai_fields import Wrong, items, picture, taken, text_of, tool

# Parley marks by itself what a vendor may cache, and cites nothing.
_IGNORED = ("cache_control", "citations")

Parts = tuple[Part | Picture, ...]


def conversation(sent: Any) -> tuple[Draft, ...]:
    """Raises Wrong."""
    drafts = []
    for index, message in items(sent):
        try:
            drafts.append(_draft(message))
        except Wrong as wrong:
            raise wrong.within(index) from wrong
    if not drafts:
        raise Wrong("Must hold a message of the user's.")
    if drafts[-1].role != "user":
        raise Wrong(
            "The last message must be the user's: to go on with an answer that has begun, as by a "
            "prefill, is not supported here.",
            len(drafts) - 1,
            "role",
        )
    return tuple(drafts)


def orders(sent: Any) -> str | None:
    """The system prompt: a text, or blocks of text. Raises Wrong."""
    if isinstance(sent, str):
        return sent or None
    texts = [_order(index, block) for index, block in items(sent)]
    return "\n\n".join(texts) or None


def tools(sent: Any) -> list[dict[str, Any]]:
    """Raises Wrong."""
    made = []
    for index, one in items(sent):
        try:
            made.append(_tool(one))
        except Wrong as wrong:
            raise wrong.within(index) from wrong
    return made


def choice(sent: Any) -> dict[str, Any]:
    """Our `tool_choice` and `parallel_tools`. Raises Wrong."""
    given = taken(sent, ("type", "name", "disable_parallel_tool_use"))
    alone = given.get("disable_parallel_tool_use", False)
    if not isinstance(alone, bool):
        raise Wrong("Must be true or false.", "disable_parallel_tool_use")
    kind = text_of(given, "type")
    words = {"auto": "auto", "any": "required", "none": "none"}
    if kind not in (*words, "tool"):
        raise Wrong("Must be one of auto, any, tool and none.", "type")
    name = text_of(given, "name") if kind == "tool" else words[kind]
    return {"tool_choice": name, "parallel_tools": not alone}


def image_bytes(sent: Any) -> int:
    """Of the pictures in messages that are not looked at yet."""
    blocks = [
        block
        for message in (sent if isinstance(sent, list) else ())
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for block in message["content"]
        if isinstance(block, dict)
    ]
    sources = [block.get("source") for block in blocks]
    return sum(
        len(source["data"])
        for source in sources
        if isinstance(source, dict) and isinstance(source.get("data"), str)
    )


def _order(index: int, block: Any) -> str:
    try:
        given = taken(block, ("type", "text"), _IGNORED)
        if given.get("type") != "text":
            raise Wrong("Must be text.", "type")
        return text_of(given, "text")
    except Wrong as wrong:
        raise wrong.within(index) from wrong


def _draft(message: Any) -> Draft:
    given = taken(message, ("role", "content"))
    role, content = given.get("role"), given.get("content")
    if not isinstance(role, str) or role not in _READ:
        raise Wrong("Must be user or assistant.", "role")
    said: Parts = (TextPart(content),) if isinstance(content, str) else _parts(content, _READ[role])
    return Draft("user" if role == "user" else "assistant", said)


def _parts(content: Any, kinds: Sequence[str]) -> Parts:
    read: list[Part | Picture] = []
    if not isinstance(content, list):
        raise Wrong("Must be a text, or a list of blocks.", "content")
    for index, block in enumerate(content):
        try:
            kind = str(block.get("type")) if isinstance(block, dict) else ""
            if kind not in kinds:
                raise Wrong(f"Of blocks {', '.join(kinds)} are supported here.", "type")
            read.append(_BLOCKS[kind](block))
        except Wrong as wrong:
            raise wrong.within("content", index) from wrong
    return tuple(read) or (TextPart(""),)


def _text(block: Mapping[str, Any]) -> Part:
    return TextPart(text_of(taken(block, ("type", "text"), _IGNORED), "text"))


def _image(block: Mapping[str, Any]) -> Picture:
    given = taken(block, ("type", "source"), _IGNORED)
    try:
        return picture(_source(given.get("source")))
    except Wrong as wrong:
        raise wrong.within("source") from wrong


def _source(sent: Any) -> str:
    given = taken(sent, ("type", "media_type", "data", "url"))
    match given.get("type"):
        case "base64":
            return f"data:{text_of(given, 'media_type')};base64,{text_of(given, 'data')}"
        case "url":
            return text_of(given, "url")
    raise Wrong("Must be base64 or url.", "type")


def _thinking(block: Mapping[str, Any]) -> Part:
    given = taken(block, ("type", "thinking", "signature"), _IGNORED)
    # Without the vendor's signature no vendor wants it back, and it is left out.
    return ReasoningPart(text_of(given, "thinking"), text_of(given, "signature", "") or None)


def _redacted(block: Mapping[str, Any]) -> Part:
    given = taken(block, ("type", "data"), _IGNORED)
    return ReasoningPart("", text_of(given, "data"), redacted=True)


def _call(block: Mapping[str, Any]) -> Part:
    given = taken(block, ("type", "id", "name", "input"), (*_IGNORED, "caller"))
    arguments = given.get("input", {})
    if not isinstance(arguments, dict):
        raise Wrong("Must be an object.", "input")
    written = msgspec.json.encode(arguments).decode()
    return ToolCallPart(text_of(given, "id"), text_of(given, "name"), written)


def _result(block: Mapping[str, Any]) -> Part:
    known = ("type", "tool_use_id", "content", "is_error")
    given = taken(block, known, _IGNORED)
    failed, content = given.get("is_error", False), given.get("content", "")
    if not isinstance(failed, bool):
        raise Wrong("Must be true or false.", "is_error")
    if not isinstance(content, str):
        said = _parts(content, ("text",))
        content = "".join(part.text for part in said if isinstance(part, TextPart))
    return ToolResultPart(text_of(given, "tool_use_id"), content, failed)


_BLOCKS = {
    "text": _text,
    "image": _image,
    "tool_use": _call,
    "tool_result": _result,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
}
_READ: Mapping[str, Sequence[str]] = {
    "user": ("text", "image", "tool_result"),
    "assistant": ("text", "tool_use", "thinking", "redacted_thinking"),
}


def _tool(sent: Any) -> dict[str, Any]:
    kind = sent.get("type") if isinstance(sent, dict) else None
    if kind not in (None, "custom"):
        raise Wrong("Tools that a vendor carries out itself are not supported here.", "type")
    known = ("name", "description", "input_schema", "strict")
    ignored = ("type", "cache_control", "eager_input_streaming", "input_examples")
    given = taken(sent, known, ignored)
    schema = given.pop("input_schema", None)
    if not isinstance(schema, dict):
        raise Wrong("Must be a JSON Schema of an object.", "input_schema")
    return tool({**given, "parameters": schema})
