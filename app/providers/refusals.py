"""What a provider says instead of an answer, as one of our errors.

What it wrote about our key or account is dropped: it may quote a part of it.
"""

from __future__ import annotations

from collections.abc import Mapping

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
from app.providers.error_body import ErrorBody, read
from app.providers.kinds import Kind, kind_of, status_of
from app.providers.origin import Origin
from app.providers.retry_after import retry_after

_SHOWN = 300  # characters of a provider's own sentence that are passed on

_DETAILS: dict[Kind, str] = {
    AuthenticationFailed: "{name} does not accept this server's key ({status}). Whoever runs the "
    "server must check it with `flask doctor`.",
    PermissionDenied: "This server's account at {name} may not do this, or its money is spent "
    "({status}). Whoever runs the server must see to it.",
    ProviderMisconfigured: "{name} is not where this server looks for it ({status}). Whoever runs "
    "the server must check its base URL.",
    ContextTooLong: "This is more than {model} can read at once.{said}",
    ContentRefused: "{name} does not answer this, by its policy.{said}",
    ModelNotFound: "{name} does not know the model {model}.{said}",
    RateLimited: "{name} is limiting requests just now.",
    Overloaded: "{name} is overloaded just now ({status}).",
    ProtocolBroken: "{name} answered with a status that means nothing here ({status}).",
    ProviderError: "{name} failed inside ({status}).{said}",
    ProviderRefused: "{name} refused the request ({status}).{said}",
}


def from_status(
    origin: Origin, status: int, body: object, headers: Mapping[str, str]
) -> ProviderError:
    """The error for an HTTP status that is not 200. Header names are in lower case."""
    return _made(origin, status, read(body), headers)


def from_frame(origin: Origin, error: object) -> ProviderError:
    """The error for an error object inside a stream whose status was 200."""
    told = read(error)
    return _made(origin, status_of(told), told, {})


def request_id(headers: Mapping[str, str]) -> str | None:
    """What the provider's support finds the call by."""
    names = ("x-request-id", "request-id", "cf-ray")
    return next((headers[name] for name in names if headers.get(name)), None)


def _made(
    origin: Origin, status: int, error: ErrorBody, headers: Mapping[str, str]
) -> ProviderError:
    kind = kind_of(status, error)
    return kind(
        _DETAILS[kind].format(
            name=origin.provider,
            model=origin.model or "the model",
            status=status,
            said=_said(error.sentence.strip()),
        ),
        **origin.kwargs(),
        upstream_status=status,
        upstream_request_id=request_id(headers),
        retry_after=retry_after(headers) if kind.retryable else None,
    )


def _said(sentence: str) -> str:
    if len(sentence) > _SHOWN:
        sentence = sentence[:_SHOWN] + "…"
    stop = "" if sentence.endswith((".", "!", "?", "…")) else "."
    return f" It says: {sentence}{stop}" if sentence else ""
