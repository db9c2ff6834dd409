"""An error's status and body become the right error of ours, whoever's form it has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import errors
from app.errors import ProviderError
from app.providers.faults import Origin, from_frame, from_status
from tests.properties import examples

_ORIGIN = Origin("own", "mock")


def wrapped(error: dict[str, Any]) -> list[object]:
    """As it is on the wire, without its wrapping as from OpenAI's SDK, and as Gemini has it."""
    return [{"type": "error", "error": error}, error, [{"error": error}]]


_SAID: list[tuple[int, dict[str, Any], type[ProviderError]]] = [
    (400, {"code": "context_length_exceeded"}, errors.ContextTooLong),
    (400, {"code": 400, "type": "exceed_context_size_error"}, errors.ContextTooLong),
    (500, {"code": 500, "type": "exceed_context_size_error"}, errors.ContextTooLong),
    (400, {"param": "input_tokens", "code": 400}, errors.ContextTooLong),
    (413, {"type": "request_too_large"}, errors.ContextTooLong),
    (400, {"message": "prompt is too long: 9 tokens > 8 maximum"}, errors.ContextTooLong),
    (400, {"message": "This model's maximum context length is 8."}, errors.ContextTooLong),
    (400, {"code": "content_filter", "type": None}, errors.ContentRefused),
    (400, {"innererror": {"code": "ResponsibleAIPolicyViolation"}}, errors.ContentRefused),
    (403, {"code": 403, "metadata": {"flagged_input": "…"}}, errors.ContentRefused),
    (400, {"message": "Output blocked by content filtering policy"}, errors.ContentRefused),
    (429, {"code": "insufficient_quota"}, errors.PermissionDenied),
    (
        429,
        {"type": "rate_limit_error", "details": {"error_code": "enforced_spend_limit_reached"}},
        errors.PermissionDenied,
    ),
    (400, {"message": "Your credit balance is too low."}, errors.PermissionDenied),
    (400, {"details": [{"reason": "API_KEY_INVALID"}]}, errors.AuthenticationFailed),
    (400, {"message": "Incorrect API key provided: sk-x"}, errors.AuthenticationFailed),
    (429, {"type": "rate_limit_error"}, errors.RateLimited),
    (498, {"code": "capacity_exceeded"}, errors.Overloaded),
    (422, {"message": "prompt is too long"}, errors.ProviderRefused),
]


@pytest.mark.parametrize(("status", "error", "kind"), _SAID)
def test_a_vendors_word_decides(
    status: int, error: dict[str, Any], kind: type[ProviderError]
) -> None:
    """Codes before the status, the status before nothing, and sentences for a 400 alone."""
    for body in wrapped({"message": "Something is wrong.", **error}):
        made = from_status(_ORIGIN, status, body, {"request-id": "r"})
        assert type(made) is kind
        assert (made.upstream_status, made.upstream_request_id) == (status, "r")


_FRAMES: list[tuple[object, type[ProviderError]]] = [
    ({"type": "overloaded_error"}, errors.Overloaded),
    ({"type": "authentication_error"}, errors.AuthenticationFailed),
    ({"type": "billing_error"}, errors.PermissionDenied),
    ({"type": "invalid_request_error", "message": "prompt is too long"}, errors.ContextTooLong),
    ({"type": "api_error"}, ProviderError),
    ({"code": "rate_limit_exceeded", "type": "tokens"}, errors.RateLimited),
    ({"code": 429}, errors.RateLimited),
    ({"code": "502"}, errors.Overloaded),
    ({"code": 7}, ProviderError),
    ("it broke", ProviderError),
]


@pytest.mark.parametrize(("error", "kind"), _FRAMES)
def test_an_error_inside_a_stream(error: object, kind: type[ProviderError]) -> None:
    """It is what it would have been as a status, and a 500 where nobody knows it."""
    assert type(from_frame(_ORIGIN, error)) is kind


@pytest.mark.parametrize("status", [429, 503, 500])
def test_the_wait_is_that_of_the_header(status: int) -> None:
    """Whatever may be tried again says when."""
    assert from_status(_ORIGIN, status, None, {"retry-after": "3"}).retry_after == 3.0


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "type", "message", "details", "metadata", "detail"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@examples(300)
@given(st.integers(201, 599), _JSON)
def test_any_body_is_one_error(status: int, body: object) -> None:
    """Whatever came, there is an error of ours whose sentence ends."""
    for made in (from_status(_ORIGIN, status, body, {}), from_frame(_ORIGIN, body)):
        assert isinstance(made, ProviderError)
        assert made.detail.rstrip()[-1] in ".!?…"


def test_a_caller_cannot_name_a_code() -> None:
    """What a server repeats of the request is not taken for the server's own word."""
    body = {"detail": [{"loc": ["body"], "input": "insufficient_quota", "type": "value_error"}]}
    assert type(from_status(_ORIGIN, 422, body, {})) is errors.ProviderRefused


def test_a_sentence_has_an_end() -> None:
    """A provider that tells a long story is heard for 300 characters."""
    detail = from_status(_ORIGIN, 400, {"error": {"message": "word " * 1000}}, {}).detail
    assert len(detail) < 400
    assert detail.endswith("…")
