"""What can be asked, and who is asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import any_key
from app.schemas.models import CallerSchema, ModelsSchema
from app.services.models import Model

blueprint = Blueprint("models", __name__, url_prefix="/api", description="Models and caller")


@blueprint.get("/models")
@blueprint.response(200, ModelsSchema)
@any_key
def models() -> dict[str, Any]:
    """List the models that the configured providers have, what each can do, and the aliases.

    What nobody knows of a model counts as possible.
    """
    known, circuits = services().models, services().breakers.states()
    return {
        "default": known.default_id(),
        "models": [_listed(model, circuits) for model in known.every()],
        "aliases": [{"id": name, "models": chain} for name, chain in known.aliases.items()],
    }


def _listed(model: Model, circuits: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    return {
        "id": model.id,
        "provider": model.provider.name,
        "circuit": circuits.get((model.provider.name, model.name), "closed"),
        **asdict(model.profile),
    }


@blueprint.get("/me")
@blueprint.response(200, CallerSchema)
@any_key
def me() -> dict[str, Any]:
    """Tell whom this request's key belongs to, and what it may."""
    account = caller()
    return {**vars(account), "owner": account.payer, "limits": account}
