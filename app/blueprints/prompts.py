"""Prompts: what there is, and one of them carried out, whole or as a stream."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import needs
from app.blueprints.limits import metered
from app.blueprints.streaming import data, streamed, whole
from app.schemas.events import RunEvent
from app.schemas.extract import ExtractAnswer
from app.schemas.headers import OnceHeaders
from app.schemas.prompts import PromptAnswer, PromptBody, PromptQuery, PromptsSchema

blueprint = Blueprint(
    "prompts", __name__, url_prefix="/api/prompts", description="Prompts with variables"
)

Values = dict[str, Any]

_EITHER = {"anyOf": [PromptAnswer, ExtractAnswer]}


@blueprint.get("")
@blueprint.response(200, PromptsSchema)
@needs("chat", "extract")
def prompts() -> dict[str, Any]:
    """List the prompts with their versions and variables."""
    return {"prompts": services().prompts.every()}


@blueprint.post("/<name>")
@blueprint.arguments(PromptBody)
@blueprint.arguments(PromptQuery, location="query")
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, PromptAnswer)
@blueprint.doc(responses={200: {"content": {"application/json": {"schema": _EITHER}}}})
@metered
@needs("chat", "extract")
def prompt(body: Values, query: Values, headers: Values, name: str) -> Response | dict[str, Any]:
    """Fill in a prompt and get the whole answer.

    One whose output is data answers as POST /api/extract does. X-Prompt says name@version.
    """
    run = services().prompts.run
    asked, started = run(caller(), name, query["version"], {**body, **headers}, partials=False)
    if asked.output == "data":
        return _named(data(started), asked.name, asked.version)
    answer = whole(started)
    return answer if isinstance(answer, Response) else {**answer, "prompt": asked}


@blueprint.post("/<name>/stream")
@blueprint.arguments(PromptBody)
@blueprint.arguments(PromptQuery, location="query")
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, RunEvent, content_type="text/event-stream")
@metered
@needs("chat", "extract")
def prompt_stream(body: Values, query: Values, headers: Values, name: str) -> Response:
    """Fill in a prompt and get the answer token by token; X-Prompt says name@version.

    One whose output is data streams as POST /api/extract/stream does.
    """
    run = services().prompts.run
    asked, started = run(caller(), name, query["version"], {**body, **headers}, partials=True)
    return _named(streamed(started), asked.name, asked.version)


def _named(response: Response, name: str, version: str) -> Response:
    response.headers["X-Prompt"] = f"{name}@{version}"
    return response
