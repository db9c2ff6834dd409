"""The models, as OpenAI's clients list them."""

from __future__ import annotations

from typing import Any

from app.accounts import allowed
from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import any_key
from app.errors import UnknownModel
from app.schemas.openai_embeddings import OpenAIModel, OpenAIModels

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
    """List the models, and the aliases, that this key may ask."""
    return {"object": "list", "data": [_listed(*each) for each in _known().items()]}


@blueprint.get("/models/<path:model>")
@blueprint.response(200, OpenAIModel)
@any_key
def model(model: str) -> dict[str, Any]:
    """Tell of one model, by its provider/name, or of an alias."""
    if owner := _known().get(model):
        return _listed(model, owner)
    said = (
        f"There is no model {model[:200]!r} here that this key may ask. GET /v1/models lists all."
    )
    raise UnknownModel(said, errors={"model": [said]})


def _known() -> dict[str, str]:
    """Who owns what may be asked by a name. Of an alias one model at least is this key's."""
    account, known = caller(), services().models
    return {
        **{model.id: model.provider.name for model in known.every() if allowed(account, model.id)},
        **{
            alias: "parley"
            for alias, models in known.aliases.items()
            if any(allowed(account, model) for model in models)
        },
    }


def _listed(name: str, owner: str) -> dict[str, Any]:
    """Nobody says when a model was made."""
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}
