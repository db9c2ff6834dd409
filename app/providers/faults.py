"""From what SDKs, transports and statuses say to our tree of errors.

A response that came is read by `refusals`, an exception by its type in `meanings`. Nothing of a
library's leaves `translated` as it came, not even what nobody has foreseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

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
    """A call to a provider, as a block, and what is known of the response that has begun.

    Every error that leaves it is one of ours, also while it iterates. A class and no generator:
    there is one for every open stream, for as long as it is open.
    """

    __slots__ = ("_origin", "_request_id", "_status")

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._status: int | None = None
        self._request_id: str | None = None

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the head of the response. Header names are in lower case."""
        self._status, self._request_id = status, request_id(headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ProviderError):
            self._complete(error)
        elif isinstance(error, Exception) and is_theirs(error):
            ours = _ours(self._origin, error)
            self._complete(ours)
            raise ours from error

    def _complete(self, error: ProviderError) -> None:
        error.upstream_status = error.upstream_status or self._status
        error.upstream_request_id = error.upstream_request_id or self._request_id
        _tell(error)


def translated(origin: Origin) -> Exchange:
    """Make every error that leaves the block one of ours.

    One that only whoever runs the server can mend is in the log as `provider_misconfigured`.
    """
    return Exchange(origin)


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
