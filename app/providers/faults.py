"""From what SDKs, transports and statuses say to our tree of errors.

Classified by type and status, never by a pattern over a message. What a provider wrote about
our key is dropped: it may quote a part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx2
import msgspec
import requests
import urllib3.exceptions

from app.errors import (
    CutOff,
    ModelNotFound,
    Overloaded,
    ParleyError,
    ProtocolBroken,
    ProviderError,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderTimeout,
    RateLimited,
    Unreachable,
)
from app.providers.sse import FrameTooLong
from app.providers.transport.body import BrokenFraming
from app.providers.transport.connection import Silence

_SHOWN = 300  # characters of a provider's own sentence that are passed on


class Origin(msgspec.Struct, frozen=True):
    """Which provider and model an error is about."""

    provider: str
    model: str | None = None

    def kwargs(self) -> dict[str, Any]:
        return {"provider": self.provider, "model": self.model}

    @property
    def of_model(self) -> str:
        return f" of {self.model}" if self.model else ""


class Sdk(NamedTuple):
    """The two errors of a vendor's SDK that all its others derive from."""

    status: type[Exception]
    base: type[Exception]


@contextmanager
def translated(origin: Origin, sdk: Sdk | None = None) -> Iterator[None]:
    """Turn every error of an SDK or a transport that leaves the block into one of ours."""
    try:
        yield
    except ParleyError:
        raise
    except Exception as error:
        if sdk and isinstance(error, sdk.status):
            raise _from_sdk(origin, error) from error
        if isinstance(error, _TRANSPORT) or (sdk and isinstance(error, sdk.base)):
            raise _from_transport(origin, error) from error
        raise


_TRANSPORT = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    FrameTooLong,
    BrokenFraming,
    OSError,
)


def _from_sdk(origin: Origin, error: Any) -> ProviderError:
    """Both SDKs' status errors carry the response and its decoded body."""
    return from_status(origin, error.response.status_code, error.body, error.response.headers)


def from_status(
    origin: Origin, status: int, body: object, headers: Mapping[str, str]
) -> ProviderError:
    """The error for an HTTP status of 400 or more, and for a status that a body claims."""
    said = _sentence(body)
    known: dict[str, Any] = {
        **origin.kwargs(),
        "upstream_status": status,
        "upstream_request_id": headers.get("x-request-id") or headers.get("request-id"),
    }
    name = origin.provider
    if status in (401, 402, 403) or _kind(body) == "insufficient_quota":
        return ProviderMisconfigured(
            f"{name} does not accept this server's key, or its account may not do this "
            f"({status}). Whoever runs the server must check it with `flask doctor`.",
            **known,
        )
    if status == 404:
        return ModelNotFound(f"{name} does not know the model {origin.model}.{said}", **known)
    if status == 429:
        wait = retry_after(headers)
        return RateLimited(f"{name} is limiting requests just now.", retry_after=wait, **known)
    if status in (408, 502, 503, 504, 529):
        wait = retry_after(headers)
        return Overloaded(f"{name} is overloaded just now ({status}).", retry_after=wait, **known)
    if status >= 500:
        return ProviderError(f"{name} failed inside ({status}).{said}", **known)
    return ProviderRefused(f"{name} refused the request ({status}).{said}", **known)


# The types that both vendors put into an error inside a stream, as the statuses they stand for.
_TYPES = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def from_frame(origin: Origin, error: object) -> ProviderError:
    """The error for an error object inside a stream whose status was 200."""
    return from_status(origin, _TYPES.get(_kind(error), 500), error, {})


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a provider asks to wait; None where it does not say a usable number."""
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _from_transport(origin: Origin, error: Exception) -> ProviderError:
    causes = _causes(error)
    if any(isinstance(e, urllib3.exceptions.NewConnectionError) for e in causes):
        return Unreachable(f"{origin.provider} cannot be reached.", **origin.kwargs())
    if any(isinstance(e, _CONNECT_TIMEOUTS) for e in causes):
        return ProviderTimeout(
            f"{origin.provider} did not accept a connection in time.",
            limit="connect",
            **origin.kwargs(),
        )
    if any(isinstance(e, _READ_TIMEOUTS) for e in causes):
        limit = error.limit if isinstance(error, Silence) else "read"
        return ProviderTimeout(
            f"{origin.provider} was silent for too long.", limit=limit, **origin.kwargs()
        )
    if any(isinstance(e, _CUTS) for e in causes):
        return CutOff(
            f"The connection to {origin.provider} broke before the answer was whole.",
            **origin.kwargs(),
        )
    if isinstance(error, (FrameTooLong, BrokenFraming, httpx2.DecodingError)):
        return ProtocolBroken(
            f"{origin.provider} sent something that cannot be read.", **origin.kwargs()
        )
    return Unreachable(f"{origin.provider} cannot be reached.", **origin.kwargs())


_CONNECT_TIMEOUTS = (
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    requests.ConnectTimeout,
    urllib3.exceptions.ConnectTimeoutError,
)
_READ_TIMEOUTS = (
    httpx2.TimeoutException,
    requests.ReadTimeout,
    urllib3.exceptions.ReadTimeoutError,
    TimeoutError,
)
_CUTS = (
    httpx2.RemoteProtocolError,
    httpx2.ReadError,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.ProtocolError,
    ConnectionError,
)


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    return chain


def _inner(body: object) -> object:
    return body.get("error", body) if isinstance(body, Mapping) else body


def _kind(body: object) -> str:
    inner = _inner(body)
    return str(inner.get("type") or inner.get("code") or "") if isinstance(inner, Mapping) else ""


def _sentence(body: object) -> str:
    inner = _inner(body)
    said = inner.get("message") if isinstance(inner, Mapping) else None
    return f" It says: {said[:_SHOWN]}" if isinstance(said, str) and said else ""
