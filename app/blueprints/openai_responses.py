"""OpenAI's responses, over every provider: texts, functions, streams."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.blueprints import problems
from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.limits import metered
from app.blueprints.streaming import opened, wait
from app.encoders.openai_errors import Form
from app.encoders.openai_responses import Events
from app.errors import RunStopped
from app.events import Done, Failure
from app.schemas.events import VendorEvent
from app.schemas.headers import OnceHeaders
from app.schemas.openai_responses import ResponseAnswer, ResponseBody
from app.services.completions.completion import Completion

FORM = Form(
    {
        "messages": "input",
        "message": "input",
        "images": "input",
        "output": "text.format",
        "reasoning_effort": "reasoning.effort",
        "conversation_id": "metadata.conversation_id",
    }
)

blueprint = Blueprint(
    "openai_responses",
    __name__,
    url_prefix="/v1",
    description="OpenAI's format, over every provider",
)


@blueprint.post("/responses")
@blueprint.arguments(ResponseBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, ResponseAnswer)
@blueprint.alt_response(200, schema=VendorEvent, content_type="text/event-stream")
@metered
def responses(body: dict[str, Any], headers: dict[str, Any]) -> Response | dict[str, Any]:
    """Answer an input, as OpenAI's API of this name does.

    Nothing of it is kept, whatever `store` says, unless `metadata.conversation_id` names a
    conversation of the caller's: its messages are then those before, and of `input` the last one
    counts. What the answer has to be by `text.format` is checked before it is called whole.
    """
    asked = Completion.of({**body["ask"], **headers, "door": "openai_responses"})
    run = services().completions.start(caller(), asked)
    events = Events(run.id, FORM, _echo(asked))
    if body["stream"]:
        return opened(run, events.encode)
    wait(run)
    end = run.events[-1]
    if isinstance(end, Failure):
        return problems.answer(end.problem)
    assert isinstance(end, Done)
    if end.finish_reason == "stopped":
        raise RunStopped()
    return events.response(run.events, end)


def _echo(asked: Completion) -> dict[str, Any]:
    """What clients insist on hearing of their own request."""
    return {
        "parallel_tool_calls": asked.parallel_tools,
        "tool_choice": asked.choice_word,
        "tools": [_tool(tool) for tool in asked.tools],
        "metadata": {"conversation_id": asked.conversation_id} if asked.conversation_id else {},
        "store": False,
    }


def _tool(tool: Any) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
