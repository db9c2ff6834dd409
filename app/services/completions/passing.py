"""A chat of which nothing is kept: one question, and an answer that is gone when it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import BadInput
from app.messages import Draft, Picture, TextPart
from app.services.completions.completion import Completion


def passing(body: Mapping[str, Any]) -> Completion:
    """From a chat's body. Raises BadInput: a key can stand for no answer that is not there."""
    if body.get("idempotency_key") is not None:
        said = "An Idempotency-Key needs an answer that is kept; leave it out, or store: false."
        raise BadInput(said, errors={"Idempotency-Key": [said]})
    pictures = tuple(map(Picture, body.get("images") or ()))
    return Completion(
        messages=(Draft("user", (*pictures, TextPart(body["message"]))),),
        system=body.get("system"),
        model=body.get("model"),
        temperature=body.get("temperature"),
        max_output_tokens=body.get("max_output_tokens"),
        reasoning_effort=body.get("reasoning_effort"),
        kept=False,
        door="chat",
    )
