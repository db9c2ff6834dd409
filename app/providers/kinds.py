"""Which of our errors a provider's status and code stand for.

A code of the vendor's decides where it says more than the status, and the status where not. The
wording is read only where a vendor has no code for it, and then only how it begins.
"""

from __future__ import annotations

from app.errors import (
    AuthenticationFailed,
    ContentRefused,
    ContextTooLong,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    ProtocolBroken,
    ProviderError,
    ProviderMisconfigured,
    ProviderRefused,
    RateLimited,
)
from app.providers.error_body import ErrorBody

Kind = type[ProviderError]

# Codes that decide, whatever the status. Vendors use 400, 403, 429 and 500 for several of them.
_CODES: dict[str, Kind] = {
    "invalid_api_key": AuthenticationFailed,
    "API_KEY_INVALID": AuthenticationFailed,  # Gemini
    "insufficient_quota": PermissionDenied,
    "billing_not_active": PermissionDenied,
    "billing_hard_limit_reached": PermissionDenied,
    "credit_balance_exhausted": PermissionDenied,
    "enforced_spend_limit_reached": PermissionDenied,  # Anthropic; a 429 that no waiting ends
    "contract_spend_limit_reached": PermissionDenied,
    "organization_on_hold": PermissionDenied,
    "linked_organization_spend_limit_reached": PermissionDenied,
    "context_length_exceeded": ContextTooLong,
    "exceed_context_size_error": ContextTooLong,  # llama.cpp
    "input_tokens": ContextTooLong,  # vLLM, as the parameter that is wrong
    "request_too_large": ContextTooLong,
    "content_policy_violation": ContentRefused,
    "image_content_policy_violation": ContentRefused,
    "content_filter": ContentRefused,  # Azure
    "ResponsibleAIPolicyViolation": ContentRefused,
    "invalid_prompt": ContentRefused,  # OpenAI, where a reasoning model was asked
    "flagged_input": ContentRefused,  # OpenRouter, as a member of the metadata
    "model_decommissioned": ModelNotFound,  # Groq
}

# How the sentence of a 400 begins that has no code of its own.
_SENTENCES: dict[str, Kind] = {
    "prompt is too long": ContextTooLong,  # Anthropic, these five
    "input length and `max_tokens` exceed context limit": ContextTooLong,
    "Output blocked by content filtering policy": ContentRefused,
    "Your credit balance is too low": PermissionDenied,
    "You have reached your specified": PermissionDenied,
    "This model's maximum context length": ContextTooLong,  # DeepSeek, vLLM before 0.16
    "The input token count": ContextTooLong,  # Gemini
    "Incorrect API key provided": AuthenticationFailed,  # xAI
}

_STATUSES: dict[int, Kind] = {
    401: AuthenticationFailed,
    402: PermissionDenied,
    403: PermissionDenied,
    404: ModelNotFound,
    405: ProviderMisconfigured,
    407: ProviderMisconfigured,
    410: ModelNotFound,
    413: ContextTooLong,
    429: RateLimited,
    **dict.fromkeys((408, 498, 502, 503, 504, 529), Overloaded),
    **dict.fromkeys((409, 425, 499), ProviderError),  # it got in its own way
}

# The types that both vendors put into an error inside a stream, as the statuses they stand for.
_TYPES = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
    "server_overloaded": 503,
}


def kind_of(status: int, error: ErrorBody) -> Kind:
    for code in error.codes:
        if code in _CODES:
            return _CODES[code]
    if status == 400:
        for beginning, kind in _SENTENCES.items():
            if error.sentence.startswith(beginning):
                return kind
    if status in _STATUSES:
        return _STATUSES[status]
    if status < 400:
        return ProtocolBroken if status < 300 else ProviderMisconfigured
    return ProviderRefused if status < 500 else ProviderError


def status_of(error: ErrorBody) -> int:
    """The HTTP status that an error would have had which came after a 200."""
    named = (_TYPES[code] for code in error.codes if code in _TYPES)
    return error.status or next(named, 500)
