"""Keys and teams, for keys with the scope admin."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from app.blueprints.bodies import Blueprint
from app.blueprints.context import services
from app.blueprints.guards import needs
from app.schemas.base import loaded
from app.schemas.keys import (
    KeyBody,
    KeyChanges,
    KeyPageSchema,
    KeySchema,
    KeysQuery,
    NewKeySchema,
    RotateBody,
    TeamBody,
    TeamName,
    TeamSchema,
    TeamsSchema,
)
from app.services.keys import Kept

blueprint = Blueprint("admin", __name__, url_prefix="/api/admin", description="Keys and teams")


@blueprint.post("/keys")
@blueprint.arguments(KeyBody)
@blueprint.response(201, NewKeySchema)
@needs("admin")
def create(body: dict[str, Any]) -> dict[str, Any]:
    """Make a key. It is shown in this answer and never again."""
    return _shown(services().keys.create(body, *_budgets(body)))


@blueprint.get("/keys")
@blueprint.arguments(KeysQuery, location="query")
@blueprint.response(200, KeyPageSchema)
@needs("admin")
def page(query: dict[str, Any]) -> dict[str, Any]:
    """List keys, the newest first."""
    found, cursor = services().keys.page(query["limit"], query["cursor"])
    return {"keys": [_shown(kept) for kept in found], "next_cursor": cursor}


@blueprint.get("/keys/<key_id>")
@blueprint.response(200, KeySchema)
@needs("admin")
def read(key_id: str) -> dict[str, Any]:
    """Read what a key may do, and its limits and budgets."""
    return _shown(services().keys.read(key_id))


@blueprint.patch("/keys/<key_id>")
@blueprint.arguments(KeyChanges)
@blueprint.response(200, KeySchema)
@needs("admin")
def change(body: dict[str, Any], key_id: str) -> dict[str, Any]:
    """Change a key. What was spent counts on."""
    return _shown(services().keys.change(key_id, body, *_budgets(body)))


@blueprint.post("/keys/<key_id>/rotate")
@blueprint.arguments(RotateBody)
@blueprint.response(200, NewKeySchema)
@needs("admin")
def rotate(body: dict[str, Any], key_id: str) -> dict[str, Any]:
    """Put another key in its place, with the same id, settings and budgets.

    The key before the last rotation is not taken any more, whatever overlap it was given.
    """
    return _shown(services().keys.rotate(key_id, body["overlap_seconds"]))


@blueprint.delete("/keys/<key_id>")
@blueprint.response(204)
@needs("admin")
def revoke(key_id: str) -> None:
    """Revoke a key, for good. Within seconds it is taken nowhere any more."""
    services().keys.revoke(key_id)


@blueprint.put("/teams/<name>")
@blueprint.arguments(TeamBody)
@blueprint.response(200, TeamSchema)
@needs("admin")
def put_team(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Give a team its limits and budgets, which all its keys share."""
    loaded(TeamName(), {"name": name})
    return asdict(services().teams.put(name, body["limits"], body["budgets"]))


@blueprint.get("/teams")
@blueprint.response(200, TeamsSchema)
@needs("admin")
def teams() -> dict[str, Any]:
    """List the teams that have limits or budgets."""
    return {"teams": services().teams.every()}


def _budgets(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Taken out of the body: the key's, and each of its users'."""
    return body.pop("budgets", {}), body.pop("user_budgets", {})


def _shown(kept: Kept) -> dict[str, Any]:
    key = kept.key
    budgets = {"budgets": kept.budgets, "user_budgets": kept.user_budgets}
    return {**asdict(key), **budgets, "state": key.state, "key": kept.secret}
