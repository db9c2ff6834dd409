"""Runs: their state, their events from any position on, and their stop."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import needs
from app.blueprints.streaming import streamed
from app.schemas.events import RunEvent
from app.schemas.runs import EventsQuery, RunSchema, RunsQuery, RunsSchema

# What we send as `id`; anything else is not ours and means the beginning.
_EVENT_NUMBER = re.compile("[0-9]{1,10}")

_whoever_has_runs = needs("agent", "chat", "extract")

blueprint = Blueprint("runs", __name__, url_prefix="/api/runs", description="Generations")


@blueprint.get("")
@blueprint.arguments(RunsQuery, location="query")
@blueprint.response(200, RunsSchema)
@_whoever_has_runs
def page(query: dict[str, Any]) -> dict[str, Any]:
    """List what goes on in a conversation, or waits for a person."""
    return {"runs": services().runs.open_in(caller().owner, query["conversation_id"])}


@blueprint.get("/<run_id>")
@blueprint.response(200, RunSchema)
@_whoever_has_runs
def read(run_id: str) -> object:
    """Read a run's state."""
    return services().runs.read(caller().owner, run_id)


@blueprint.get("/<run_id>/events")
@blueprint.arguments(EventsQuery, location="query")
@blueprint.response(200, RunEvent, content_type="text/event-stream")
@_whoever_has_runs
def events(query: dict[str, Any], run_id: str) -> Response:
    """Read a run's events again, from the one after `after` or `Last-Event-ID` on."""
    run = services().runs.open(caller().owner, run_id)
    return streamed(run, _position(query["after"]))


@blueprint.post("/<run_id>/stop")
@blueprint.response(200, RunSchema)
@_whoever_has_runs
def stop(run_id: str) -> object:
    """Stop a run. Its stream ends with `done` and the finish reason `stopped`, and that of an
    extraction, which has no data then, with the `error` `extraction_stopped`.
    """
    return services().runs.stop(caller().owner, run_id)


def _position(after: int | None) -> int:
    last = request.headers.get("Last-Event-ID", "")
    if after is None and _EVENT_NUMBER.fullmatch(last):
        return int(last)
    return after or 0
