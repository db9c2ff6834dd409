"""Every exception of the libraries below the adapters comes out as one of ours."""

from __future__ import annotations

import httpx2
import pytest
import requests
import urllib3.exceptions

from tests.providers.libraries import LIBRARIES, exceptions, made
from tests.providers.raising import raised, told

# A timeout is written with its limit.
_EXPECTED = {
    "Unreachable": {
        "openai": "APIConnectionError",
        "anthropic": "APIConnectionError",
        "httpx2": "ConnectError ProxyError RequestError TransportError",
        "requests": "ConnectionError ProxyError RequestException SSLError",
        "urllib3": "CertificateError ClosedPoolError FullPoolError HTTPError HostChangedError "
        "MaxRetryError NameResolutionError NewConnectionError PoolError ProxyError RequestError "
        "SSLError",
    },
    "ProviderTimeout connect": {
        "httpx2": "ConnectTimeout PoolTimeout",
        "requests": "ConnectTimeout",
        "urllib3": "ConnectTimeoutError EmptyPoolError",
    },
    "ProviderTimeout first_byte": {"httpx2": "WriteTimeout"},
    "ProviderTimeout read": {
        "openai": "APITimeoutError",
        "anthropic": "APITimeoutError",
        "httpx2": "ReadTimeout TimeoutException",
        "requests": "ReadTimeout Timeout",
        "urllib3": "ReadTimeoutError TimeoutError",
    },
    "CutOff": {
        "httpx2": "CloseError NetworkError ReadError RemoteProtocolError WriteError",
        "requests": "ChunkedEncodingError",
        "urllib3": "IncompleteRead ProtocolError",
    },
    "ProtocolBroken": {
        "openai": "APIResponseValidationError",
        "anthropic": "APIResponseValidationError",
        "httpx2": "DecodingError ProtocolError SSEError TooManyRedirects",
        "requests": "ContentDecodingError InvalidJSONError JSONDecodeError TooManyRedirects",
        "urllib3": "BodyNotHttplibCompatible DecodeError HeaderParsingError InvalidChunkLength "
        "InvalidHeader ResponseError ResponseNotChunked",
    },
    "ProviderMisconfigured": {
        "openai": "SubjectTokenProviderError",
        "anthropic": "CredentialsError IdentityTokenFileError",
        "httpx2": "InvalidURL LocalProtocolError UnsupportedProtocol",
        "requests": "InvalidHeader InvalidProxyURL InvalidSchema InvalidURL MissingSchema "
        "URLRequired",
        "urllib3": "LocationParseError LocationValueError ProxySchemeUnknown "
        "ProxySchemeUnsupported URLSchemeUnknown",
    },
    "ContentRefused": {"openai": "ContentFilterFinishReasonError"},
    "ProviderError": {  # nothing that we do leads to these
        "openai": "APIError InvalidWebhookSignatureError LengthFinishReasonError "
        "MissingDependencyError MissingStreamClassError OpenAIError StreamAlreadyConsumed "
        "WebSocketConnectionClosedError WebSocketQueueFullError _AmbiguousModuleClientUsageError",
        "anthropic": "APIError APIWebhookValidationError AnthropicError MissingStreamClassError "
        "RetryableError StreamAlreadyConsumed",
        "httpx2": "CookieConflict HTTPError HTTPStatusError RequestNotRead ResponseNotRead "
        "StreamClosed StreamConsumed StreamError",
        "requests": "CookieConflictError HTTPError RetryError StreamConsumedError "
        "UnrewindableBodyError",
        "urllib3": "TimeoutStateError UnrewindableBodyError",
    },
}
_BY_NAME = {
    (library, name): kind
    for kind, libraries in _EXPECTED.items()
    for library, names in libraries.items()
    for name in names.split()
}

# Parts of the SDKs that no adapter uses.
_UNUSED = ("openai.lib.", "openai.auth.", "openai.cli.", "anthropic.lib.", "httpx2.websockets.")

_BY_STATUS = {
    401: "AuthenticationFailed",
    402: "PermissionDenied",
    403: "PermissionDenied",
    404: "ModelNotFound",
    413: "ContextTooLong",
    429: "RateLimited",
    **dict.fromkeys((408, 502, 503, 504, 529), "Overloaded"),
    **dict.fromkeys((409, 499, 500, 501), "ProviderError"),
    **dict.fromkeys((400, 412, 422, 431), "ProviderRefused"),
}


def expected(kind: type[Exception]) -> str:
    library = kind.__module__.partition(".")[0]
    if kind.__module__.startswith(_UNUSED):
        return "ProviderError"
    if any(parent.__name__ == "APIStatusError" for parent in kind.__mro__):
        return _BY_STATUS[made(kind).response.status_code]  # type: ignore[attr-defined]
    assert (library, kind.__name__) in _BY_NAME, (
        f"{kind.__module__}.{kind.__name__} is new: say in app/providers/meanings.py what it "
        "means, and here what is expected."
    )
    return _BY_NAME[library, kind.__name__]


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_exception_of_a_library_has_a_meaning(library: str) -> None:
    """Each class that there is, raised, is the error of ours that is expected of it."""
    kinds = exceptions(library)
    assert len(kinds) > 20
    for kind in kinds:
        error = raised(made(kind))
        assert (kind, told(error)) == (kind, expected(kind))
        assert (error.provider, error.model) == ("own", "mock")


def test_the_list_names_only_what_there_is() -> None:
    """No exception is expected that its library does not have any more."""
    there = {(library, kind.__name__) for library in LIBRARIES for kind in exceptions(library)}
    assert set(_BY_NAME) - there == set()


_WRAPPED: list[tuple[Exception, Exception, str]] = [
    (requests.ConnectionError("x"), urllib3.exceptions.ProtocolError("x"), "CutOff"),
    (
        requests.ConnectionError("x"),
        urllib3.exceptions.ReadTimeoutError(None, "", "x"),  # type: ignore[arg-type]
        "ProviderTimeout read",
    ),
    (httpx2.ConnectError("x"), ConnectionRefusedError(111, "x"), "Unreachable"),
    (httpx2.ConnectTimeout("x"), TimeoutError("x"), "ProviderTimeout connect"),
    (requests.RequestException("x"), ConnectionResetError(104, "x"), "CutOff"),
    (urllib3.exceptions.HTTPError("x"), OSError(113, "x"), "Unreachable"),
]


@pytest.mark.parametrize(("outer", "inner", "kind"), _WRAPPED)
def test_a_wrapper_means_what_is_inside(outer: Exception, inner: Exception, kind: str) -> None:
    """An exception that says little is told by the first of its causes that says more."""
    outer.__cause__ = inner
    assert told(raised(outer)) == kind
