"""Extraction: one service, answered whole or as a stream."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import needs
from app.blueprints.limits import metered
from app.blueprints.streaming import data, streamed
from app.schemas.events import ExtractEvent
from app.schemas.extract import (
    ExtractAnswer,
    ExtractBody,
    RegisteredSchemas,
    StreamBody,
)
from app.services.extraction.request import Request

blueprint = Blueprint(
    "extraction", __name__, url_prefix="/api", description="Typed data from text, with proof"
)


@blueprint.post("/extract")
@blueprint.arguments(ExtractBody)
@blueprint.response(200, ExtractAnswer)
@metered
@needs("extract")
def extract(body: dict[str, Any]) -> Response:
    """Extract data from a text. Offsets are code points of the text.

    Where no answer of the model is valid this is a 422 with the code `extraction_failed`, which
    has the last `candidate`, its `issues`, and the `attempts` with `usage` and `cost_usd`.
    """
    return data(services().extraction.start(caller(), Request.of(body), partials=False))


@blueprint.post("/extract/stream")
@blueprint.arguments(StreamBody)
@blueprint.response(200, ExtractEvent, content_type="text/event-stream")
@metered
@needs("extract")
def extract_stream(body: dict[str, Any]) -> Response:
    """Extract data from a text, and see it while it comes.

    `partial` has the data so far, within one attempt only ever more of it; `step` says that
    something was begun anew or given up. `done` has what POST /api/extract answers, `error` the
    problem. Until then nothing is validated.
    """
    return streamed(services().extraction.start(caller(), Request.of(body)))


@blueprint.get("/schemas")
@blueprint.response(200, RegisteredSchemas)
@needs("extract")
def schemas() -> dict[str, Any]:
    """List the registered schemas."""
    return {"schemas": list(services().extraction.targets.registered.values())}
