"""What the exceptions of SDKs and transports mean to us, by their type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import httpx2
import requests.exceptions as rq
import urllib3.exceptions as u3

from app.errors import (
    ContentRefused,
    CutOff,
    ProtocolBroken,
    ProviderError,
    ProviderMisconfigured,
    ProviderTimeout,
    Unreachable,
)
from app.providers.sse import FrameTooLong
from app.providers.transport.body import BrokenFraming


class Meaning(NamedTuple):
    """One of our errors, with its sentence about the provider `{0}`."""

    kind: type[ProviderError]
    detail: str
    limit: str = ""


_CONNECT = Meaning(ProviderTimeout, "{0} did not accept a connection in time.", "connect")
_SENDING = Meaning(ProviderTimeout, "{0} did not read the request in time.", "first_byte")
_READ = Meaning(ProviderTimeout, "{0} was silent for too long.", "read")
_UNREACHABLE = Meaning(Unreachable, "{0} cannot be reached.")
_CUT = Meaning(CutOff, "The connection to {0} broke before the answer was whole.")
_BROKEN = Meaning(ProtocolBroken, "{0} sent something that cannot be read.")
_REFUSED = Meaning(ContentRefused, "{0} does not answer this, by its policy.")
_UNUSABLE = Meaning(
    ProviderMisconfigured,
    "{0} cannot be asked with the address, proxy or key that this server has for it. Whoever "
    "runs the server must check it with `flask doctor`.",
)
UNFORESEEN = Meaning(ProviderError, "The call to {0} failed in a way that nobody has foreseen.")

_Meanings = Mapping[type[BaseException] | str, Meaning]

# The nearest ancestor of an exception counts. The vendors' SDKs take longer to import than all
# the rest together, and are here by name.
_CLEAR: _Meanings = {
    **dict.fromkeys((httpx2.ConnectTimeout, httpx2.PoolTimeout), _CONNECT),
    **dict.fromkeys((rq.ConnectTimeout, u3.ConnectTimeoutError, u3.EmptyPoolError), _CONNECT),
    httpx2.WriteTimeout: _SENDING,
    **dict.fromkeys((httpx2.TimeoutException, rq.Timeout, u3.TimeoutError, TimeoutError), _READ),
    **dict.fromkeys((httpx2.ConnectError, httpx2.ProxyError, rq.ProxyError), _UNREACHABLE),
    **dict.fromkeys((u3.NewConnectionError, ConnectionRefusedError), _UNREACHABLE),
    **dict.fromkeys((httpx2.NetworkError, httpx2.RemoteProtocolError, ConnectionError), _CUT),
    **dict.fromkeys((rq.ChunkedEncodingError, u3.ProtocolError, u3.IncompleteRead), _CUT),
    **dict.fromkeys((httpx2.ProtocolError, httpx2.DecodingError, httpx2.TooManyRedirects), _BROKEN),
    **dict.fromkeys((rq.InvalidJSONError, rq.ContentDecodingError, rq.TooManyRedirects), _BROKEN),
    **dict.fromkeys((u3.DecodeError, u3.ResponseError, u3.InvalidChunkLength), _BROKEN),
    **dict.fromkeys((u3.InvalidHeader, u3.HeaderParsingError, u3.ResponseNotChunked), _BROKEN),
    **dict.fromkeys((u3.BodyNotHttplibCompatible, FrameTooLong, BrokenFraming), _BROKEN),
    **dict.fromkeys((json.JSONDecodeError, "SSEError", "APIResponseValidationError"), _BROKEN),
    **dict.fromkeys((httpx2.UnsupportedProtocol, httpx2.LocalProtocolError), _UNUSABLE),
    **dict.fromkeys((httpx2.InvalidURL, rq.InvalidURL, rq.InvalidSchema), _UNUSABLE),
    **dict.fromkeys((rq.MissingSchema, rq.URLRequired, rq.InvalidHeader), _UNUSABLE),
    **dict.fromkeys((u3.LocationValueError, u3.ProxySchemeUnsupported), _UNUSABLE),
    **dict.fromkeys(("CredentialsError", "SubjectTokenProviderError"), _UNUSABLE),
    "ContentFilterFinishReasonError": _REFUSED,
}

# Those that wrap another, for when that one is not clear either.
_VAGUE: _Meanings = {
    **dict.fromkeys((httpx2.RequestError, rq.RequestException, u3.HTTPError), _UNREACHABLE),
    **dict.fromkeys((OSError, "CertificateError", "APIConnectionError"), _UNREACHABLE),
    "APITimeoutError": _READ,
    **dict.fromkeys((rq.StreamConsumedError, rq.RetryError, rq.UnrewindableBodyError), UNFORESEEN),
    **dict.fromkeys((u3.TimeoutStateError, u3.UnrewindableBodyError), UNFORESEEN),
}

_HOMES = {"openai", "anthropic", "httpx2", "httpcore2", "requests", "urllib3"}
_OTHERS = (OSError, json.JSONDecodeError, FrameTooLong, BrokenFraming)


def is_theirs(error: Exception) -> bool:
    """Whether it comes from a library or the network, and is no mistake of ours."""
    homes = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, _OTHERS) or not homes.isdisjoint(_HOMES)


def meaning_of(error: BaseException) -> Meaning:
    """Of the exception, or of the first among its causes whose type is clear."""
    causes = list(_causes(error))
    found = (_find(table, cause) for table in (_CLEAR, _VAGUE) for cause in causes)
    return next(filter(None, found), UNFORESEEN)


def _find(meanings: _Meanings, error: BaseException) -> Meaning | None:
    for kind in type(error).__mro__:
        if meaning := meanings.get(kind) or meanings.get(kind.__name__):
            return meaning
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
