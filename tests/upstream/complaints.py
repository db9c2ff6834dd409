"""The errors that come instead of an answer, each in the form that its vendor gives it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Complaint(NamedTuple):
    status: int
    body: Any


def status(code: int) -> Complaint:
    """Nobody's own form. The sentence quotes a key, as some vendors do."""
    return Complaint(
        code, {"error": {"type": "some_error", "message": f"Complaint {code} about sk-secret"}}
    )


def complaint(kind: str, variant: str) -> Complaint | None:
    """By what is wrong and whose form it has; None if the kind is not an error of that sort."""
    return _COMPLAINTS.get((kind, variant))


def _openai(code: int, message: str, /, **more: Any) -> Complaint:
    error = {"message": message, "type": "invalid_request_error", "param": None, **more}
    return Complaint(code, {"error": error})


def _anthropic(code: int, kind: str, message: str, /, **more: Any) -> Complaint:
    error = {"type": kind, "message": message, **more}
    return Complaint(code, {"type": "error", "error": error, "request_id": "up-1"})


def _gemini(message: str, reason: str) -> Complaint:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": details}
    return Complaint(400, [{"error": error}])


_COMPLAINTS: dict[tuple[str, str], Complaint] = {
    ("overlong", "openai"): _openai(
        400,
        "This model's maximum context length is 128000 tokens, your messages have 130001.",
        param="messages",
        code="context_length_exceeded",
    ),
    ("overlong", "anthropic"): _anthropic(
        400, "invalid_request_error", "prompt is too long: 208656 tokens > 200000 maximum"
    ),
    ("overlong", "bytes"): _anthropic(413, "request_too_large", "Too many bytes."),
    ("overlong", "llamacpp"): _openai(
        400, "Larger than the context.", type="exceed_context_size_error", code=400, n_ctx=256
    ),
    ("overlong", "vllm"): _openai(
        400, "Too many input tokens.", type="BadRequestError", param="input_tokens", code=400
    ),
    ("overlong", "gemini"): _gemini(
        "The input token count (3475108) exceeds the maximum number of tokens allowed.", ""
    ),
    ("refused", "openai"): _openai(
        400, "This breaks the content policy.", code="content_policy_violation"
    ),
    ("refused", "anthropic"): _anthropic(
        400, "invalid_request_error", "Output blocked by content filtering policy", details=None
    ),
    ("refused", "azure"): _openai(
        400,
        "The prompt was filtered.",
        type=None,
        param="prompt",
        code="content_filter",
        innererror={"code": "ResponsibleAIPolicyViolation"},
    ),
    ("refused", "openrouter"): _openai(
        403, "Flagged.", code=403, metadata={"reasons": ["violence"], "flagged_input": "…"}
    ),
    ("unpaid", "openai"): _openai(
        429, "You exceeded your quota.", type="insufficient_quota", code="insufficient_quota"
    ),
    ("unpaid", "anthropic"): _anthropic(
        400, "invalid_request_error", "Your credit balance is too low to access the API."
    ),
    ("unpaid", "tier"): _anthropic(
        429,
        "rate_limit_error",
        "You have reached your API usage limits.",
        details={"error_code": "enforced_spend_limit_reached"},
    ),
    ("badkey", "openai"): _openai(
        401, "Incorrect API key provided: sk-secret.", code="invalid_api_key"
    ),
    ("badkey", "anthropic"): _anthropic(401, "authentication_error", "invalid x-api-key"),
    ("badkey", "xai"): Complaint(
        400, {"code": "invalid argument", "error": "Incorrect API key provided: sk-secret."}
    ),
    ("badkey", "gemini"): _gemini("API key not valid: sk-secret.", "API_KEY_INVALID"),
}
