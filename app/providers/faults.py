"""From what SDKs, transports and statuses say to our tree of errors.

A response that came is read by `refusals`, an exception by its type in `meanings`. Nothing of a
library's leaves `translated` as it came, not even what nobody has foreseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog

from app.errors import ProviderError, ProviderMisconfigured, ProviderTimeout
from app.providers.meanings import UNFORESEEN, is_theirs, meaning_of
from app.providers.origin import Origin
from app.providers.refusals import from_frame, from_status, request_id
from app.providers.retry_after import retry_after
from app.providers.transport.connection import Silence

__all__ = ["Exchange", "Origin", "from_frame", "from_status", "retry_after", "translated"]

log = structlog.get_logger()


class Exchange:
    """What is known of a response that has begun; errors that come after that carry it too."""

    def __init__(self) -> None:
        self._status: int | None = None
        self._request_id: str | None = None

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the head of the response. Header names are in lower case."""
        self._status, self._request_id = status, request_id(headers)

    def complete(self, error: ProviderError) -> None:
        error.upstream_status = error.upstream_status or self._status
        error.upstream_request_id = error.upstream_request_id or self._request_id


@contextmanager
def translated(origin: Origin) -> Iterator[Exchange]:
    """Make every error that leaves the block one of ours, also while it iterates.

    One that only whoever runs the server can mend is in the log as `provider_misconfigured`.
    """
    exchange = Exchange()
    try:
        yield exchange
    except ProviderError as error:
        exchange.complete(error)
        _tell(error)
        raise
    except Exception as error:
        if not is_theirs(error):
            raise
        ours = _ours(origin, error)
        exchange.complete(ours)
        _tell(ours)
        raise ours from error


def _ours(origin: Origin, error: Exception) -> ProviderError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", 0)
    body = getattr(error, "body", None)
    if response is not None and status >= 300:
        return from_status(origin, status, body, response.headers)
    meaning = meaning_of(error)
    if meaning is UNFORESEEN and body:  # the vendor's error object, from inside a stream
        return from_frame(origin, body)
    detail = meaning.detail.format(origin.provider)
    if meaning.kind is ProviderTimeout:
        limit = error.limit if isinstance(error, Silence) else meaning.limit
        return ProviderTimeout(detail, limit=limit, **origin.kwargs())
    return meaning.kind(detail, **origin.kwargs())


def _tell(error: ProviderError) -> None:
    """Loudly, and without a word of the provider's, which may quote a part of the key."""
    if isinstance(error, ProviderMisconfigured):
        log.error(
            "provider_misconfigured",
            reason=type(error).__name__,
            provider=error.provider,
            model=error.model,
            upstream_status=error.upstream_status,
            upstream_request_id=error.upstream_request_id,
        )
