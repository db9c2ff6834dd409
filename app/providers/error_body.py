"""The error objects of vendors, which wrap and name the same few things differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class ErrorBody(NamedTuple):
    """`codes` are all the words that a program may branch on, `sentence` is for a person.

    `status` is the HTTP status that is given in place of a code: by OpenRouter, vLLM, llama.cpp.
    """

    codes: tuple[str, ...]
    sentence: str
    status: int | None


def read(body: object) -> ErrorBody:
    """What a decoded body says, whatever it is."""
    error = _unwrapped(body)
    said = error.get("message") or error.get("detail")
    sentence = said if isinstance(said, str) else ""
    return ErrorBody(tuple(_codes(error)), sentence, _status(error.get("code")))


def _unwrapped(body: object) -> Mapping[str, Any]:
    """OpenAI's SDK takes the wrapping off, Gemini puts a list around it, xAI has a bare string."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str):
        return {"message": body}
    if not isinstance(body, Mapping):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, Mapping) else {"message": inner, **body}


def _codes(error: Mapping[str, Any]) -> list[str]:
    details = error.get("details")  # an object at Anthropic, a list at Gemini
    metadata = error.get("metadata")  # OpenRouter tells by its members what happened
    parts = [error, error.get("innererror"), *(details if isinstance(details, list) else [details])]
    names = ("code", "type", "param", "error_code", "reason")
    found = [part.get(name) for part in parts if isinstance(part, Mapping) for name in names]
    found += metadata if isinstance(metadata, Mapping) else []
    return [code for code in found if isinstance(code, str)]


def _status(code: object) -> int | None:
    digits = str(code)
    return int(digits) if len(digits) == 3 and digits.isdecimal() and digits[0] in "45" else None
