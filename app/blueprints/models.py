"""What can be asked, and who is asking."""

from __future__ import annotations

from typing import Any

from app.blueprints.bodies import Blueprint
from app.blueprints.context import Caller, caller, services
from app.schemas.models import CallerSchema, ModelsSchema

blueprint = Blueprint("models", __name__, url_prefix="/api", description="Models and caller")


@blueprint.get("/models")
@blueprint.response(200, ModelsSchema)
def models() -> dict[str, Any]:
    """List the models that the configured providers have."""
    known = services().models
    return {"default": known.default_id(), "models": known.every()}


@blueprint.get("/me")
@blueprint.response(200, CallerSchema)
def me() -> Caller:
    """Tell whom this request's key belongs to."""
    return caller()
