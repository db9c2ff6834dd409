"""OpenAI's chat completions, over every provider."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.blueprints import problems
from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.limits import metered
from app.blueprints.streaming import opened, wait
from app.encoders import openai_chat
from app.encoders.openai_errors import Form
from app.errors import RunStopped
from app.events import Done, Failure
from app.schemas.events import CompletionChunk
from app.schemas.headers import OnceHeaders
from app.schemas.openai_chat import ChatCompletionAnswer, ChatCompletionBody
from app.services.completions.completion import Completion

FORM = Form(
    {
        "max_output_tokens": "max_completion_tokens",
        "output": "response_format",
        "images": "messages",
        "message": "messages",
        "conversation_id": "metadata.conversation_id",
    }
)

blueprint = Blueprint(
    "openai_chat", __name__, url_prefix="/v1", description="OpenAI's format, over every provider"
)


@blueprint.post("/chat/completions")
@blueprint.arguments(ChatCompletionBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, ChatCompletionAnswer)
@blueprint.alt_response(200, schema=CompletionChunk, content_type="text/event-stream")
@metered
def chat_completions(body: dict[str, Any], headers: dict[str, Any]) -> Response | dict[str, Any]:
    """Answer a conversation, as OpenAI's API of this name does.

    Nothing of it is kept, unless `metadata.conversation_id` names a conversation of the caller's:
    its messages are then those before, and of `messages` the last one counts. What the answer has
    to be by `response_format` is checked before it is called whole.
    """
    run = services().completions.start(
        caller(), Completion.of({**body["ask"], **headers, "door": "openai_chat"})
    )
    if body["stream"]:
        return opened(run, openai_chat.Chunks(run.id, FORM, usage=body["usage"]).encode)
    wait(run)
    end = run.events[-1]
    if isinstance(end, Failure):
        return problems.answer(end.problem)
    assert isinstance(end, Done)
    if end.finish_reason == "stopped":
        raise RunStopped()
    return openai_chat.completion(run.id, run.events, end)
