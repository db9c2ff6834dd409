"""Alive, ready, and the figures for Prometheus."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from app.blueprints.bodies import Blueprint
from app.blueprints.context import services
from app.blueprints.guards import authenticate, needs, public
from app.errors import Unavailable
from app.schemas.health import LiveSchema, ReadySchema

blueprint = Blueprint("health", __name__, description="For load balancers and monitoring")


@blueprint.get("/healthz")
@blueprint.response(200, LiveSchema)
@public
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@blueprint.response(200, ReadySchema)
@public
def ready() -> dict[str, Any]:
    """The database is reachable and its migrations are current.

    With `?verbose`, which needs a key where one is in force, the models that were called lately
    are listed with the state of their circuit breakers, and servers of tools with what is wrong.
    """
    trouble = services().readiness.trouble()
    if trouble:
        raise Unavailable(trouble, retry_after=2)
    if "verbose" not in request.args:
        return {"status": "ready"}
    authenticate()
    states = services().breakers.states()
    circuits = [{"model": f"{who}/{name}", "state": state} for (who, name), state in states.items()]
    sources = [{"name": n, "trouble": said} for n, said in services().tools.troubles().items()]
    return {"status": "ready", "circuits": circuits, **({"tools": sources} if sources else {})}


@blueprint.get("/metrics")
@blueprint.response(200)
@blueprint.alt_response(200, schema={"type": "string"}, content_type="text/plain")
@needs("admin")
def metrics() -> Response:
    """The figures in Prometheus' text format."""
    return Response(services().metrics.render(), content_type="text/plain; version=0.0.4")
