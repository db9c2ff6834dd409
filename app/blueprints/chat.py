"""The chat: one service, answered whole or as a stream."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.limits import metered
from app.blueprints.streaming import streamed, whole
from app.runs.run import Run
from app.schemas.chat import ChatAnswer, TurnBody
from app.schemas.events import StreamEvent
from app.schemas.headers import OnceHeaders
from app.services.completions.passing import passing
from app.services.turns import Ask

blueprint = Blueprint("chat", __name__, url_prefix="/api", description="Chat with memory")


@blueprint.post("/chat")
@blueprint.arguments(TurnBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, ChatAnswer)
@metered
def chat(body: dict[str, Any], headers: dict[str, Any]) -> Response | dict[str, Any]:
    """Say something and get the whole answer."""
    return whole(_ask({**body, **headers}))


@blueprint.post("/chat/stream")
@blueprint.arguments(TurnBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, StreamEvent, content_type="text/event-stream")
@metered
def chat_stream(body: dict[str, Any], headers: dict[str, Any]) -> Response:
    """Say something and get the answer token by token."""
    return streamed(_ask({**body, **headers}))


def _ask(body: dict[str, Any]) -> Run:
    if body.pop("store", None) is False:
        return services().completions.start(caller(), passing(body))
    return services().chat.ask(caller(), Ask.of(body))
