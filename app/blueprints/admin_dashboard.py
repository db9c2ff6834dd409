"""The whole server in figures, and anybody's run stopped, for keys with the scope admin."""

from __future__ import annotations

from typing import Any

import msgspec

from app.blueprints.bodies import Blueprint
from app.blueprints.context import services
from app.blueprints.guards import needs
from app.schemas.dashboard import OpenRunsSchema, OverviewSchema, StoppedSchema
from app.services.dashboard import Figures, KeyLeft

blueprint = Blueprint(
    "dashboard", __name__, url_prefix="/api/admin", description="The server at a glance"
)


@blueprint.get("/overview")
@blueprint.response(200, OverviewSchema)
@needs("admin")
def overview() -> dict[str, Any]:
    """Tell what today came to, what is left of keys' limits, and what went wrong lately."""
    found = services().dashboard.overview()
    return {
        **msgspec.structs.asdict(found),
        "hours": [_row("hour", *row) for row in found.hours],
        "models": [_row("model", *row) for row in found.models],
        "keys": [_row("key_id", *row) for row in found.keys],
        "limits": [_key(key) for key in found.limits],
        "circuits": [
            {"model": f"{who}/{name}", "state": s} for (who, name), s in found.circuits.items()
        ],
    }


@blueprint.get("/runs")
@blueprint.response(200, OpenRunsSchema)
@needs("admin")
def running() -> dict[str, Any]:
    """List what runs at any worker, or waits for a person."""
    return {"runs": services().dashboard.running()}


@blueprint.post("/runs/<run_id>/stop")
@blueprint.response(200, StoppedSchema)
@needs("admin")
def stop(run_id: str) -> dict[str, str]:
    """Stop anybody's run, wherever it runs."""
    return {"id": run_id, "state": services().dashboard.stop(run_id)}


def _row(name: str, value: object, figures: Figures) -> dict[str, Any]:
    return {name: value, **msgspec.structs.asdict(figures)}


def _key(found: KeyLeft) -> dict[str, Any]:
    key = found.kept.key
    return {
        "id": key.id,
        "shown": key.shown,
        "name": key.name,
        "owner": key.owner,
        "limits": key.limits,
        "budgets": found.kept.budgets,
        "left": found.left,
        "quotas": found.quotas,
    }
