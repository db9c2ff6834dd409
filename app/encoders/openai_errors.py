"""Problems as OpenAI says them, with the status by which its SDKs choose the class to raise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Problem

# Codes that clients branch on, where OpenAI has a word of its own for the same thing.
_CODES = {
    "not_authenticated": "invalid_api_key",
    "rate_limited": "rate_limit_exceeded",
    "budget_spent": "insufficient_quota",
    "unknown_model": "model_not_found",
    "context_too_long": "context_length_exceeded",
    "content_refused": "content_policy_violation",
    "no_such_route": "unknown_url",
}
_INVALID = "invalid_request_error"
# A request that is wrong is a 400 there, and a model that is not there a 404.
_STATUSES = {
    "invalid_request": 400,
    "unpriced_model": 400,
    "provider_refused": 400,
    "context_too_long": 400,
    "content_refused": 400,
    "unknown_model": 404,
    "model_not_found": 404,
}
_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}


class Form:
    """`names` are what parameters of ours are called there; with a dot, one inside of another."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __call__(self, problem: Problem) -> tuple[int, dict[str, Any]]:
        """The status and the body."""
        status = _STATUSES.get(problem.code, problem.status)
        wrong, detail = list(_wrong(problem.errors or {}, {})), problem.detail
        if any(sentence in detail for _, sentence in wrong):  # a use case's word for it
            wrong = list(_wrong(problem.errors or {}, self._names))
        elif wrong:  # what a schema says of the body, in the body's words
            detail = " ".join(f"{param}: {sentence}" for param, sentence in wrong)
        error = {
            "message": detail,
            "type": _TYPES.get(status) or ("server_error" if status >= 500 else _INVALID),
            "param": wrong[0][0] if wrong else _model(problem),
            "code": _CODES.get(problem.code, problem.code),
        }
        return status, {"error": error}


def _wrong(errors: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field, said in errors.items():
        yield from _leaves(names.get(str(field), str(field)), said)


def _leaves(place: str, said: Any) -> Iterator[tuple[str, str]]:
    """Each sentence with its place, as `messages[0].content`."""
    if isinstance(said, Mapping):
        for name, inner in said.items():
            step = f"[{name}]" if str(name).isdecimal() else f".{name}"
            yield from _leaves(place if name == "_schema" else place + step, inner)
    elif isinstance(said, list):
        yield from ((place, str(sentence)) for sentence in said)
    else:
        yield place, str(said)


def _model(problem: Problem) -> str | None:
    return "model" if problem.code in ("unknown_model", "model_not_found") else None
