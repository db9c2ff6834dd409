"""Agents: one service, answered whole or as a stream; their steps, and what waits for a person."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import needs
from app.blueprints.limits import metered
from app.blueprints.streaming import streamed, wait, whole
from app.encoders import native
from app.events import Parked, collect
from app.runs.run import Run
from app.schemas.agents import AgentAnswer, AgentBody, ApprovalBody, StepsSchema
from app.schemas.events import AgentEvent
from app.schemas.headers import OnceHeaders
from app.services.agents.parking import State
from app.services.agents.task import Task

Values = dict[str, Any]

blueprint = Blueprint("agents", __name__, url_prefix="/api", description="Answers with tools")


@blueprint.post("/agent")
@blueprint.arguments(AgentBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, AgentAnswer)
@metered
@needs("agent")
def agent(body: Values, headers: Values) -> Response | Values:
    """Ask for something that takes tools, and get the whole answer with its steps.

    A limit that is reached is no error: the model is asked for its best answer, and `stop_reason`
    says why. Where a call needs approval the answer says so at once, and the run waits.
    """
    run = _start({**body, **headers})
    wait(run)
    if run.parked:
        return _parked(run)
    said = whole(run)
    return said if isinstance(said, Response) else {**said, "steps": _steps(run)}


@blueprint.post("/agent/stream")
@blueprint.arguments(AgentBody)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, AgentEvent, content_type="text/event-stream")
@metered
@needs("agent")
def agent_stream(body: Values, headers: Values) -> Response:
    """The same, and see it at work.

    Where a call needs approval the stream ends with `done` and the `stop_reason` approval. Once all
    is decided the run goes on, and GET /api/runs/ID/events has what follows.
    """
    return streamed(_start({**body, **headers}))


@blueprint.get("/runs/<run_id>/steps")
@blueprint.response(200, StepsSchema)
@needs("agent", "chat", "extract")
def steps(run_id: str) -> Values:
    """Read what an agent has done so far, and which of its calls wait for a person."""
    return _told(run_id)


@blueprint.post("/runs/<run_id>/approvals/<call_id>")
@blueprint.arguments(ApprovalBody)
@blueprint.response(200, StepsSchema)
@needs("agent")
def approve(body: Values, run_id: str, call_id: str) -> Values:
    """Decide about a call that waits. With the last one the run goes on.

    To decide the same again changes nothing; anything else is a 409.
    """
    arguments = body.get("arguments")
    services().approvals.decide(caller(), run_id, call_id, body["decision"], arguments)
    return _told(run_id)


def _start(body: Values) -> Run:
    return services().agents.start(caller(), Task.of(body))


def _steps(run: Run) -> list[Values]:
    return [native.step(step) for step in collect(run.events).steps]


def _parked(run: Run) -> Values:
    """An answer of a run that waits."""
    said, waits = collect(run.events), run.events[-1]
    assert said.start is not None
    assert isinstance(waits, Parked)
    state = services().approvals.waiting(run.owner, run.id)
    return {
        "run_id": run.id,
        "conversation_id": run.conversation_id,
        "message": {"id": said.start.message_id, "role": "assistant", "content": said.text},
        "model": said.start.model,
        "truncated_turns": said.start.truncated_turns,
        **native.parked(waits),
        "steps": _steps(run),
        "waiting": _waiting(state),
    }


def _told(run_id: str) -> Values:
    owner = caller().owner
    state = services().approvals.waiting(owner, run_id)
    return {
        "run_id": run_id,
        "state": services().runs.read(owner, run_id).state,
        "steps": [native.step(step) for step in services().agents.steps(owner, run_id)],
        "waiting": _waiting(state),
        "expires_at": state.expires_at if state else None,
    }


def _waiting(state: State | None) -> list[Values]:
    calls = [item.call for item in state.waiting] if state else []
    return [{"call_id": c.call_id, "name": c.name, "arguments": c.arguments} for c in calls]
