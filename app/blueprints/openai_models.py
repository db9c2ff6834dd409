"""The models, as OpenAI's clients list them."""

from __future__ import annotations

from typing import Any

from app.accounts import allowed
from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import any_key
from app.errors import UnknownModel
from app.schemas.openai_embeddings import OpenAIModel, OpenAIModels
from app.services.models import Model

blueprint = Blueprint(
    "openai_models",
    __name__,
    url_prefix="/v1",
    description="OpenAI's format, over every provider",
)


@blueprint.get("/models")
@blueprint.response(200, OpenAIModels)
@any_key
def models() -> dict[str, Any]:
    """List the models that this key may ask."""
    return {"object": "list", "data": [_listed(model) for model in _known()]}


@blueprint.get("/models/<path:model>")
@blueprint.response(200, OpenAIModel)
@any_key
def model(model: str) -> dict[str, Any]:
    """Tell of one model, by its provider/name."""
    for each in _known():
        if each.id == model:
            return _listed(each)
    said = (
        f"There is no model {model[:200]!r} here that this key may ask. GET /v1/models lists all."
    )
    raise UnknownModel(said, errors={"model": [said]})


def _known() -> list[Model]:
    account = caller()
    return [each for each in services().models.every() if allowed(account, each.id)]


def _listed(model: Model) -> dict[str, Any]:
    """Nobody says when a model was made."""
    return {"id": model.id, "object": "model", "created": 0, "owned_by": model.provider.name}
