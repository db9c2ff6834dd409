"""What goes wrong between us and a provider, or in it."""

from __future__ import annotations

from typing import ClassVar

from app.errors.base import ParleyError


class ProviderError(ParleyError):
    """Something between us and a provider, or in it. `upstream_status` is its HTTP status."""

    code, status, retryable = "provider_error", 502, True
    # Whether another model may well do what this one did not.
    elsewhere: ClassVar[bool] = True

    def __init__(
        self,
        detail: str,
        *,
        provider: str,
        model: str | None = None,
        upstream_status: int | None = None,
        upstream_request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.provider = provider
        self.model = model
        self.upstream_status = upstream_status
        self.upstream_request_id = upstream_request_id


class ProviderMisconfigured(ProviderError):
    code, retryable = "provider_misconfigured", False


class AuthenticationFailed(ProviderMisconfigured):
    """For a caller it is the same as the next one; for whoever runs the server it is not."""


class PermissionDenied(ProviderMisconfigured):
    """The key is right, and its account may not do this or has no money left."""


class ProviderRefused(ProviderError):
    code, status, retryable, elsewhere = "provider_refused", 422, False, False


class ContextTooLong(ProviderRefused):
    code = "context_too_long"


class ContentRefused(ProviderRefused):
    code = "content_refused"


class ModelNotFound(ProviderError):
    code, status, retryable = "model_not_found", 422, False


class RateLimited(ProviderError):
    code, status = "provider_rate_limited", 503


class Overloaded(ProviderError):
    code, status = "provider_overloaded", 503


class Paused(ProviderError):
    code, status = "provider_paused", 503


class Unreachable(ProviderError):
    code = "provider_unreachable"


class ProviderTimeout(ProviderError):
    """A limit in time was reached: connect, first_byte, read (between bytes) or deadline."""

    code, status = "provider_timeout", 504

    def __init__(self, detail: str, *, limit: str, provider: str, model: str | None = None) -> None:
        super().__init__(detail, provider=provider, model=model)
        self.limit = limit


class ProtocolBroken(ProviderError):
    code = "provider_protocol"


class CutOff(ProviderError):
    code = "provider_cut_off"
