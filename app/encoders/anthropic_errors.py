"""Problems as Anthropic says them, with the status by which its SDKs choose the class to raise."""

from __future__ import annotations

from typing import Any

from app.encoders.openai_errors import Form
from app.errors import Problem

# What our words are called there.
_NAMES = {
    "max_output_tokens": "max_tokens",
    "output": "output_config.format",
    "stop": "stop_sequences",
    "images": "messages",
    "message": "messages",
    "reasoning_effort": "thinking",
    "conversation_id": "metadata.conversation_id",
}
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_OVERLOADED = {"provider_overloaded": 529}
# Where a status is not one of theirs.
_BAD = {415, 422, 426}

_sentence = Form(_NAMES)


def form(problem: Problem) -> tuple[int, dict[str, Any]]:
    """The status and the body."""
    status, said = _sentence(problem)
    status = 400 if status in _BAD else _OVERLOADED.get(problem.code, status)
    kind = _TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
    error = {"type": kind, "message": _named(said["error"]["param"], said["error"]["message"])}
    return status, {"type": "error", "error": error, "request_id": problem.request_id}


def _named(param: str | None, message: str) -> str:
    """There is no other place that could say which parameter is wrong."""
    return message if param is None or param in message else f"{param}: {message}"
