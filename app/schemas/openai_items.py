"""The input of OpenAI's responses, as messages of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields

from app.messages import Draft, Part, Picture, TextPart, ToolCallPart, ToolResultPart
from app.schemas.openai_fields import Wrong, items, picture, taken, text_of
from app.schemas.openai_messages import Conversation, Parts, append

_TEXTS = ("input_text", "output_text", "text", "refusal")
_ECHOED = ("id", "status", "phase")


class Input(fields.Field[Conversation]):
    """A text, or a list of messages, calls of functions, and what those gave."""

    def __init__(self) -> None:
        objects = {"type": "array", "items": {"type": "object"}, "minItems": 1}
        super().__init__(
            required=True, metadata={"anyOf": [{"type": "string"}, objects], "example": "Hello"}
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Conversation:
        try:
            return _conversation(value)
        except Wrong as wrong:
            raise wrong.error() from wrong


def _conversation(sent: Any) -> Conversation:
    if isinstance(sent, str):
        return Conversation(None, (Draft("user", (TextPart(sent),)),))
    system: list[str] = []
    drafts: list[Draft] = []
    for index, item in items(sent):
        try:
            _read(item, system, drafts)
        except Wrong as wrong:
            raise wrong.within(index) from wrong
    if not drafts:
        raise Wrong("Must hold a message of the user's.")
    return Conversation("\n\n".join(system) or None, tuple(drafts))


def _read(item: Any, system: list[str], drafts: list[Draft]) -> None:
    kind = str(item.get("type", "message")) if isinstance(item, dict) else ""
    if kind == "message":
        _message(item, system, drafts)
    elif kind in _READERS:
        _add(drafts, _READERS[kind](item))
    elif kind != "reasoning":  # what a model thought before is not told to the next
        known = ", ".join(("message", *_READERS, "reasoning"))
        raise Wrong(f"Must be one of {known}; nothing else is supported.", "type")


def _add(drafts: list[Draft], draft: Draft) -> None:
    """A text and the calls after it are one answer."""
    last = drafts[-1] if drafts else None
    if last is not None and last.role == draft.role == "assistant":
        drafts[-1] = Draft("assistant", (*last.parts, *draft.parts))
    else:
        append(drafts, draft)


def _message(item: Mapping[str, Any], system: list[str], drafts: list[Draft]) -> None:
    given = taken(item, ("type", "role", "content"), _ECHOED)
    role = text_of(given, "role")
    if role in ("system", "developer"):
        if drafts:
            raise Wrong("Orders must stand before all other messages.", "role")
        system.append("".join(p.text for p in _parts(given, "system") if isinstance(p, TextPart)))
    elif role == "user":
        drafts.append(Draft("user", _parts(given, role)))
    elif role == "assistant":
        _add(drafts, Draft("assistant", _parts(given, role)))
    else:
        raise Wrong("Must be one of system, developer, user, assistant.", "role")


def _call(item: Mapping[str, Any]) -> Draft:
    given = taken(item, ("type", "call_id", "name", "arguments"), _ECHOED)
    call_id, name = text_of(given, "call_id"), text_of(given, "name")
    return Draft("assistant", (ToolCallPart(call_id, name, text_of(given, "arguments")),))


def _result(item: Mapping[str, Any]) -> Draft:
    given = taken(item, ("type", "call_id", "output"), _ECHOED)
    output = given.get("output")
    if not isinstance(output, str):
        parts = _parts({"content": output}, "tool")
        output = "".join(part.text for part in parts if isinstance(part, TextPart))
    return Draft("user", (ToolResultPart(text_of(given, "call_id"), output),))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Draft]] = {
    "function_call": _call,
    "function_call_output": _result,
}


def _parts(given: Mapping[str, Any], role: str) -> Parts:
    content = given.get("content")
    if isinstance(content, str):
        return (TextPart(content),)
    if not isinstance(content, list):
        raise Wrong("Must be a text, or a list of parts.", "content")
    read = []
    for index, part in enumerate(content):
        try:
            read.append(_part(part, role))
        except Wrong as wrong:
            raise wrong.within("content", index) from wrong
    return tuple(read)


def _part(part: Any, role: str) -> Part | Picture:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in _TEXTS:
        name = "refusal" if kind == "refusal" else "text"
        ignored = ("annotations", "logprobs")
        return TextPart(text_of(taken(part, ("type", name), ignored), name))
    if kind == "input_image" and role == "user":
        given = taken(part, ("type", "image_url"), ("detail",))
        return picture(given.get("image_url"), "image_url")
    known = "input_text or input_image" if role == "user" else "input_text or output_text"
    raise Wrong(f"Must be {known}; nothing else is supported.", "type")
