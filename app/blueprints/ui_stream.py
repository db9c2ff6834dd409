"""The chat as the AI SDK's transports speak it, with `useChat` at their other end."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.limits import metered
from app.blueprints.streaming import framed
from app.encoders import ui
from app.runs.run import Run
from app.schemas.events import UiChunk
from app.schemas.runs import RunSchema
from app.schemas.ui import UiBody
from app.services.posts import Decisions, Post

blueprint = Blueprint(
    "ui_stream", __name__, url_prefix="/api/ui/chat", description="The AI SDK's useChat"
)


@blueprint.post("")
@blueprint.arguments(UiBody)
@blueprint.response(200, UiChunk, content_type="text/event-stream")
@metered
def post(body: dict[str, Any]) -> Response:
    """Say something in a chat, or have the last message answered again.

    The history that counts is the server's. A message that is posted twice is answered once: the
    second post gets the answer that there is, from its beginning. With `tools` an agent answers;
    where a person has decided about its calls, it is posted as the last message, and goes on.
    """
    chats = services().named_chats
    if "calls" in body:
        decisions = Decisions(**body)
        return _streamed(chats.decide(caller(), decisions), tuple(decisions.calls))
    return _streamed(chats.post(caller(), Post(**body)))


@blueprint.get("/<chat_id>/stream")
@blueprint.response(200, UiChunk, content_type="text/event-stream")
@blueprint.alt_response(204, description="Nothing goes on.")
def resume(chat_id: str) -> Response:
    """Follow the answer that goes on in a chat, or has ended a moment ago, from its beginning."""
    run = services().named_chats.current(caller().owner, chat_id)
    return Response(status=204) if run is None else _streamed(run)


@blueprint.post("/<chat_id>/stop")
@blueprint.response(200, RunSchema)
@blueprint.alt_response(204, description="Nothing was ever said.")
def stop(chat_id: str) -> object:
    """Stop the answer that goes on in a chat. Its stream ends with `abort`."""
    return services().named_chats.stop(caller().owner, chat_id) or Response(status=204)


def _streamed(run: Run, decided: tuple[str, ...] = ()) -> Response:
    response = framed(run, lambda connection: ui.UiStream(connection, decided))
    response.headers.update(ui.HEADERS)
    return response
