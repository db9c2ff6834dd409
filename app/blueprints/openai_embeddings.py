"""OpenAI's embeddings, passed through to the providers that have them."""

from __future__ import annotations

from typing import Any

import gevent
import msgspec
from flask import Response, request

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.limits import metered
from app.blueprints.presence import Watch
from app.errors import Unavailable
from app.schemas.openai_embeddings import EmbeddingsAnswer, EmbeddingsBody
from app.services.embeddings import Vectors, wanted

blueprint = Blueprint(
    "openai_embeddings",
    __name__,
    url_prefix="/v1",
    description="OpenAI's format, over every provider",
)


@blueprint.post("/embeddings")
@blueprint.arguments(EmbeddingsBody)
@blueprint.response(200, EmbeddingsAnswer)
@metered
def embeddings(body: dict[str, Any]) -> Response:
    """Turn texts into vectors, where the model's provider does that."""
    account, use = caller(), services().embeddings
    # In a greenlet of its own, which ends with the caller's connection.
    job = gevent.spawn(use.embed, account, wanted(body))
    watch = Watch(request.environ, lambda: job.kill(block=False))
    try:
        vectors = job.get()
    finally:
        watch.close()
    if not isinstance(vectors, Vectors):
        raise Unavailable("The caller has left.")
    counted = {"prompt_tokens": vectors.input_tokens, "total_tokens": vectors.input_tokens}
    said = {"object": "list", "data": vectors.data, "model": vectors.model, "usage": counted}
    return Response(msgspec.json.encode(said), content_type="application/json")
