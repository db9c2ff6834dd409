"""The messages of OpenAI's chat completions, as messages of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from marshmallow import fields

from app.messages import Draft, Part, Picture, TextPart, ToolCallPart, ToolResultPart
from app.schemas.openai_fields import Wrong, items, picture, taken, text_of

_SYSTEM = ("system", "developer")
# What clients send back of an answer that they got, and what no model is told.
_ECHOED = ("name", "annotations", "reasoning_content", "reasoning", "refusal")

Parts = tuple[Part | Picture, ...]


class Conversation(NamedTuple):
    system: str | None
    drafts: tuple[Draft, ...]


class Messages(fields.Field[Conversation]):
    """`system` and `developer` stand before all others and are the system prompt together."""

    def __init__(self) -> None:
        objects = {"type": "array", "items": {"type": "object"}, "minItems": 1}
        example = [{"role": "user", "content": "Hello"}]
        super().__init__(required=True, metadata={**objects, "example": example})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Conversation:
        try:
            return _conversation(value)
        except Wrong as wrong:
            raise wrong.error() from wrong


def _conversation(sent: Any) -> Conversation:
    system: list[str] = []
    drafts: list[Draft] = []
    for index, message in items(sent):
        try:
            role = text_of(message if isinstance(message, dict) else {}, "role")
            if role in _SYSTEM:
                system.append(_order(message, after=bool(drafts)))
            elif role in _READERS:
                append(drafts, _READERS[role](message))
            else:
                known = ", ".join((*_SYSTEM, *_READERS))
                raise Wrong(f"Must be one of {known}.", "role")
        except Wrong as wrong:
            raise wrong.within(index) from wrong
    if not drafts:
        raise Wrong("Must hold a message of the user's.")
    return Conversation("\n\n".join(system) or None, tuple(drafts))


def append(drafts: list[Draft], draft: Draft) -> None:
    """Results of tools that follow each other are one message, as vendors want them."""
    last = drafts[-1] if drafts else None
    if last is not None and last.role == "user" and _are_results(draft) and _are_results(last):
        drafts[-1] = Draft("user", (*last.parts, *draft.parts))
    else:
        drafts.append(draft)


def _are_results(draft: Draft) -> bool:
    return all(isinstance(part, ToolResultPart) for part in draft.parts)


def _order(message: Mapping[str, Any], *, after: bool) -> str:
    if after:
        raise Wrong("Orders must stand before all other messages.", "role")
    return _text(taken(message, ("role", "content"), ("name",)))


def _user(message: Mapping[str, Any]) -> Draft:
    given = taken(message, ("role", "content"), ("name",))
    content = given.get("content")
    if isinstance(content, str):
        return Draft("user", (TextPart(content),))
    return Draft("user", _parts(content, pictures=True))


def _assistant(message: Mapping[str, Any]) -> Draft:
    given = taken(message, ("role", "content", "refusal", "tool_calls"), _ECHOED)
    said = _text(given) if "content" in given else given.get("refusal", "")
    text: Sequence[Part] = [TextPart(said)] if said else []
    calls = _calls(given.get("tool_calls", []))
    if not text and not calls:
        text = [TextPart("")]
    return Draft("assistant", (*text, *calls))


def _tool(message: Mapping[str, Any]) -> Draft:
    given = taken(message, ("role", "content", "tool_call_id"), ("name",))
    return Draft("user", (ToolResultPart(text_of(given, "tool_call_id"), _text(given)),))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Draft]] = {
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
}


def _text(given: Mapping[str, Any]) -> str:
    content = given.get("content")
    if isinstance(content, str):
        return content
    parts = _parts(content, pictures=False)
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def _parts(content: Any, *, pictures: bool) -> Parts:
    if not isinstance(content, list):
        raise Wrong("Must be a text, or a list of parts.", "content")
    read = []
    for index, part in enumerate(content):
        try:
            read.append(_part(part, pictures=pictures))
        except Wrong as wrong:
            raise wrong.within("content", index) from wrong
    return tuple(read)


def _part(part: Any, *, pictures: bool) -> Part | Picture:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("text", "refusal"):
        return TextPart(text_of(taken(part, ("type", kind)), kind))
    if kind == "image_url" and pictures:
        given = taken(part, ("type", "image_url"))
        try:
            return picture(taken(given.get("image_url"), ("url",), ("detail",)).get("url"), "url")
        except Wrong as wrong:
            raise wrong.within("image_url") from wrong
    known = "text or image_url" if pictures else "text"
    raise Wrong(f"Must be {known}; nothing else is supported.", "type")


def _calls(sent: Any) -> list[Part]:
    read: list[Part] = []
    try:
        for index, call in items(sent):
            try:
                read.append(_call(call))
            except Wrong as wrong:
                raise wrong.within(index) from wrong
    except Wrong as wrong:
        raise wrong.within("tool_calls") from wrong
    return read


def _call(call: Any) -> ToolCallPart:
    given = taken(call, ("id", "type", "function"), ("index",))
    if given.get("type", "function") != "function":
        raise Wrong("Must be function; nothing else is supported.", "type")
    try:
        function = taken(given.get("function"), ("name", "arguments"))
        name, arguments = text_of(function, "name"), text_of(function, "arguments")
    except Wrong as wrong:
        raise wrong.within("function") from wrong
    return ToolCallPart(text_of(given, "id"), name, arguments)
