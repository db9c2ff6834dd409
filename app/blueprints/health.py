"""Alive, ready, and the figures for Prometheus."""

from __future__ import annotations

from flask import Response

from app.blueprints.bodies import Blueprint
from app.blueprints.context import services
from app.blueprints.guards import public
from app.errors import Unavailable

blueprint = Blueprint("health", __name__, description="For load balancers and monitoring")


@blueprint.get("/healthz")
@blueprint.response(200, content_type="application/json")
@public
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@blueprint.response(200, content_type="application/json")
@public
def ready() -> dict[str, str]:
    """The database is reachable and its migrations are current."""
    trouble = services().readiness.trouble()
    if trouble:
        raise Unavailable(trouble)
    return {"status": "ready"}


@blueprint.get("/metrics")
@blueprint.response(200, content_type="text/plain")
def metrics() -> Response:
    """The figures in Prometheus' text format."""
    return Response(services().metrics.render(), content_type="text/plain; version=0.0.4")
