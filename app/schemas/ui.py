"""What a transport of the AI SDK posts."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Regexp

from app.schemas.agents import AgentBody
from app.schemas.ui_messages import decided, files, said

_CHAT_ID = [
    Length(1, 200),
    Regexp(r"(?!\.{1,2}$)[^/\\\x00-\x1f\x7f]+$", error="Must have no slash and no control sign."),
]
_ASKED = ("id", "messages", "trigger", "messageId", "system")
_LIMITS = ("max_steps", "max_tool_calls", "max_tokens", "max_cost_usd", "timeout")


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class UiBody(AgentBody):
    """The history that a client sends is its own view of it: the last message is what is asked,
    and the ids of the others say where it belongs. What they say is not read.
    """

    class Meta(AgentBody.Meta):
        exclude = ("message", "images", "conversation_id", "parent_id")  # type: ignore[assignment]

    id = fields.Str(
        required=True,
        validate=_CHAT_ID,
        metadata={
            **_described("the chat's, as the client calls it, or a conversation's id"),
            "example": "chat-1",
        },
    )
    messages = fields.List(
        fields.Dict(keys=fields.Str()),
        required=True,
        validate=Length(min=1, error="Must not be empty."),
        metadata={
            **_described(
                "messages of the AI SDK; the last one is the user's, or an answer with calls that "
                "were decided about"
            ),
            "example": [{"id": "m1", "role": "user", "parts": [{"type": "text", "text": "Hello"}]}],
        },
    )
    trigger = fields.Str(
        load_default="submit-message",
        validate=OneOf(["submit-message", "regenerate-message"]),
        metadata=_described("a new message, or another answer to the last one"),
    )
    messageId = fields.Str(  # noqa: N815  # as it is sent
        allow_none=True,
        validate=Length(1, 200),
        metadata=_described("the message that was edited, or the answer to be given again"),
    )
    tools = fields.List(
        fields.Str(validate=Length(1, 64)),
        allow_none=True,
        validate=Length(max=128),
        metadata=_described(
            "have an agent answer, with these tools; null: with all that you may use"
        ),
    )

    def image_bytes(self, body: Any) -> int:
        return sum(len(url) for url in files(body) if url.startswith("data:"))

    @validates_schema
    def _of_agents(self, data: dict[str, Any], **_: Any) -> None:
        needing = [name for name in _LIMITS if data.get(name) is not None]
        if needing and "tools" not in data:
            raise ValidationError("It is for agents, which have tools.", needing[0])
        if data.get("cache") and "tools" in data:
            raise ValidationError("An agent's answer is not kept.", "cache")

    @post_load
    def _posted(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The fields of a Post, or of Decisions."""
        *before, last = data["messages"]
        named, message_id = data.get("messageId"), str(last.get("id") or "")
        if last.get("role") == "assistant":
            return {"chat_id": data["id"], "answer_id": message_id, "calls": decided(last)}
        text, images = said(last)
        again = data["trigger"] == "regenerate-message"
        settings = {n: v for n, v in data.items() if n not in _ASKED and v is not None}
        return {
            "chat_id": data["id"],
            "message_id": message_id,
            "text": text,
            "images": images,
            "before": tuple(m["id"] for m in before if isinstance(m.get("id"), str)),
            "edited": named is not None and not again,
            "again": again,
            "answer_id": named if again else None,
            "system": data.get("system"),
            "by_agent": "tools" in data,
            "settings": settings,
        }
