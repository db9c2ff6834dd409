"""Messages as the AI SDK has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from app.schemas.chat import image

_MOST_IMAGES = 8


def said(message: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The text and the images of a user's message. Raises ValidationError."""
    if message.get("role") != "user":
        raise _wrong("The last one must be the user's.")
    texts, images = [], []
    for part in _parts(message):
        kind = part.get("type")
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "file" and isinstance(part.get("url"), str):
            images.append(_image(part))
        else:
            raise _wrong(f"A part of the type {kind!r} cannot be sent; text and images can.")
    text = "\n".join(texts)
    if not text.strip():
        raise _wrong("The last one must say something.")
    if len(images) > _MOST_IMAGES:
        raise _wrong(f"The last one may have {_MOST_IMAGES} images.")
    return text, tuple(images)


def decided(message: Mapping[str, Any]) -> dict[str, bool]:
    """Of an answer, the calls that a person has decided about, and how. Raises ValidationError."""
    calls = {}
    for part in _parts(message):
        approval, call_id = part.get("approval"), part.get("toolCallId")
        if part.get("state") == "approval-responded" and isinstance(approval, dict):
            if not isinstance(call_id, str) or not isinstance(approval.get("approved"), bool):
                raise _wrong("An approval must say of which call it is, and whether it is one.")
            calls[call_id] = approval["approved"]
    if not calls:
        raise _wrong("The last one must be the user's, or have a call that was decided about.")
    return calls


def files(body: Any) -> Sequence[str]:
    """The addresses of all files, in a body of whatever form."""
    every = body.get("messages") if isinstance(body, dict) else None
    parts = (
        [m.get("parts") for m in every if isinstance(m, dict)] if isinstance(every, list) else []
    )
    found = [part for some in parts if isinstance(some, list) for part in some]
    urls = [part.get("url") for part in found if isinstance(part, dict)]
    return [url for url in urls if isinstance(url, str)]


def _parts(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    parts = message.get("parts")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise _wrong("The last one must have parts, which are objects.")
    return parts


def _image(part: Mapping[str, Any]) -> str:
    if not str(part.get("mediaType")).startswith("image"):
        raise _wrong("Of files only images can be sent.")
    try:
        image(part["url"])
    except ValidationError as error:
        raise ValidationError(error.messages, "messages") from error
    return str(part["url"])


def _wrong(sentence: str) -> ValidationError:
    return ValidationError(sentence, "messages")
