"""What was said: listed, read, searched, renamed, deleted, exported, answered again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.limits import metered
from app.blueprints.streaming import streamed, whole
from app.runs.run import Run
from app.schemas.chat import AgainBody, ChatAnswer
from app.schemas.conversations import (
    ConversationSchema,
    ExportQuery,
    MessagesSchema,
    PageQuery,
    PageSchema,
    TitleBody,
)
from app.schemas.events import StreamEvent
from app.schemas.headers import OnceHeaders
from app.services.turns import Again

blueprint = Blueprint(
    "conversations", __name__, url_prefix="/api/conversations", description="What was said"
)


@blueprint.get("")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, PageSchema)
def page(query: dict[str, Any]) -> object:
    """List conversations, the newest first."""
    found = services().conversations
    return found.page(caller().owner, query["limit"], query["cursor"], query["q"])


@blueprint.get("/<conversation_id>")
@blueprint.response(200, ConversationSchema)
def read(conversation_id: str) -> object:
    """Read one conversation's title and times."""
    return services().conversations.read(caller().owner, conversation_id)


@blueprint.patch("/<conversation_id>")
@blueprint.arguments(TitleBody)
@blueprint.response(200, ConversationSchema)
def rename(body: dict[str, Any], conversation_id: str) -> object:
    """Give a conversation another title."""
    return services().conversations.rename(caller().owner, conversation_id, body["title"])


@blueprint.delete("/<conversation_id>")
@blueprint.response(204)
def delete(conversation_id: str) -> None:
    """Delete a conversation with all that was said in it."""
    services().conversations.delete(caller().owner, conversation_id)


@blueprint.get("/<conversation_id>/messages")
@blueprint.response(200, MessagesSchema)
def messages(conversation_id: str) -> dict[str, Sequence[object]]:
    """Read all messages with all branches, in the order of writing."""
    return {"messages": services().conversations.messages(caller().owner, conversation_id)}


@blueprint.post("/<conversation_id>/regenerate")
@blueprint.arguments(AgainBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, ChatAnswer)
@metered
def regenerate(
    body: dict[str, Any], headers: dict[str, Any], conversation_id: str
) -> Response | dict[str, Any]:
    """Answer a message again, beside the answer that there is."""
    return whole(_again({**body, **headers}, conversation_id))


@blueprint.post("/<conversation_id>/regenerate/stream")
@blueprint.arguments(AgainBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, StreamEvent, content_type="text/event-stream")
@metered
def regenerate_stream(
    body: dict[str, Any], headers: dict[str, Any], conversation_id: str
) -> Response:
    """Answer a message again, token by token."""
    return streamed(_again({**body, **headers}, conversation_id))


@blueprint.get("/<conversation_id>/export")
@blueprint.arguments(ExportQuery, location="query")
@blueprint.response(200)
@blueprint.alt_response(200, schema={"type": "string"}, content_type="text/markdown")
@blueprint.alt_response(200, schema={"type": "object"}, content_type="application/json")
def export(query: dict[str, Any], conversation_id: str) -> Response:
    """Take a conversation away as a file: Markdown (the newest branch) or JSON (all of it)."""
    kept, owner = services().conversations, caller().owner
    if query["format"] == "json":
        return _file(
            kept.as_json(owner, conversation_id), conversation_id, "json", "application/json"
        )
    text = kept.as_markdown(owner, conversation_id).encode()
    return _file(text, conversation_id, "md", "text/markdown; charset=utf-8")


def _again(body: dict[str, Any], conversation_id: str) -> Run:
    given = {name: value for name, value in body.items() if value is not None}
    return services().chat.again(caller(), Again(conversation_id=conversation_id, **given))


def _file(content: bytes, name: str, ending: str, content_type: str) -> Response:
    response = Response(content, content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{ending}")
    return response
