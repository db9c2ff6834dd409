"""Anthropic's messages, over every provider."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from app.blueprints import problems
from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.limits import metered
from app.blueprints.streaming import opened, wait
from app.encoders import anthropic_messages
from app.errors import RunStopped
from app.events import Done, Failure
from app.schemas.anthropic_messages import CountAnswer, CountBody, MessageAnswer, MessagesBody
from app.schemas.events import VendorEvent
from app.schemas.headers import OnceHeaders
from app.services.completions.completion import Completion
from app.services.completions.counting import count

blueprint = Blueprint(
    "anthropic_api",
    __name__,
    url_prefix="/v1/messages",
    description="Anthropic's format, over every provider",
)


@blueprint.post("")
@blueprint.arguments(MessagesBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, MessageAnswer)
@blueprint.alt_response(200, schema=VendorEvent, content_type="text/event-stream")
@metered
def messages(body: dict[str, Any], headers: dict[str, Any]) -> Response | dict[str, Any]:
    """Answer a conversation, as Anthropic's API of this name does.

    Nothing of it is kept, unless `metadata.conversation_id` names a conversation of the caller's:
    its messages are then those before, and of `messages` the last one counts.
    """
    asked = Completion.of({**body["ask"], **headers, "door": "anthropic"})
    run = services().completions.start(caller(), asked)
    if body["stream"]:
        return opened(run, anthropic_messages.Stream(run.id).encode)
    wait(run)
    end = run.events[-1]
    if isinstance(end, Failure):
        return problems.answer(end.problem)
    assert isinstance(end, Done)
    if end.finish_reason == "stopped":
        raise RunStopped
    return anthropic_messages.message(run.id, run.events, end)


@blueprint.post("/count_tokens")
@blueprint.arguments(CountBody)
@blueprint.response(200, CountAnswer)
def count_tokens(body: dict[str, Any]) -> dict[str, Any]:
    """Count the tokens of a conversation: as its provider does, or else at most so many."""
    asked = Completion.of({**body["ask"], "door": "anthropic"})
    return {"input_tokens": count(services().completions, caller(), asked)}


def _named(response: Response) -> Response:
    """The request's id under the name that Anthropic's SDKs look for."""
    response.headers["request-id"] = g.request_id
    return response


blueprint.after_request(_named)
