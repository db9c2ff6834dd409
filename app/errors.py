"""The tree of errors. Errors carry data; what a caller reads is made of it in one place.

    ParleyError                      500  internal_error
    ├── BadInput                     422  invalid_request      errors by field
    │   ├── MalformedBody            400  malformed_body
    │   ├── UnknownModel             422  unknown_model
    │   └── UnpricedModel            422  unpriced_model
    ├── ExtractionFailed             422  extraction_failed    no answer of the model was valid
    │   └── ExtractionStopped        422  extraction_stopped   by the caller
    ├── BudgetSpent                  402  budget_spent
    ├── NotAuthenticated             401  not_authenticated
    ├── NotAllowed                   403  not_allowed
    ├── NotFound                     404  not_found            kind
    ├── Conflict                     409  conflict
    ├── TooMany                      429  rate_limited         retryable; retry_after in seconds
    ├── Unavailable                  503  unavailable          retryable
    │   ├── ShuttingDown             503  shutting_down
    │   └── WorkerLost               503  interrupted          its process is gone
    ├── OutputTooLong                502  output_too_long
    └── ProviderError                502  provider_error       provider, model, upstream_status
        ├── ProviderMisconfigured    502  provider_misconfigured
        │   ├── AuthenticationFailed 502  provider_misconfigured   our key is wrong
        │   └── PermissionDenied     502  provider_misconfigured   our account may not, or is empty
        ├── ProviderRefused          422  provider_refused     in its eyes it is invalid
        │   ├── ContextTooLong       422  context_too_long
        │   └── ContentRefused       422  content_refused      its policy forbids it
        ├── ModelNotFound            422  model_not_found
        ├── RateLimited              503  provider_rate_limited   retry_after in seconds
        ├── Overloaded               503  provider_overloaded
        ├── Paused                   503  provider_paused      it failed too often, and rests
        ├── Unreachable              502  provider_unreachable
        ├── ProviderTimeout          504  provider_timeout     limit: which one
        ├── ProtocolBroken           502  provider_protocol    what came is not what was agreed
        └── CutOff                   502  provider_cut_off     the stream ended without its end

`code` is what a program branches on, `detail` what a person reads, `retryable` whether the same
request may succeed later. `status` is the HTTP status (RFC 9110) where there still is one to send.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An error as RFC 9457 writes it, with our members `code`, `retryable` and `request_id`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str | None = None
    errors: Mapping[str, Any] | None = None
    retry_after: int | None = None
    # What only some problems say, beside the rest.
    members: Mapping[str, Any] = {}

    def document(self) -> dict[str, Any]:
        """As it is sent: without what there is nothing of, and with its own members."""
        told = {
            name: value
            for name, value in msgspec.structs.asdict(self).items()
            if name != "members" and (value is not None or name not in _OPTIONAL)
        }
        return {**told, **self.members}


_OPTIONAL = {"request_id", "errors", "retry_after"}


class ParleyError(Exception):
    """What can go wrong, with the sentence that a person reads."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "Something broke on our side. It is in the log under this request id.",
        *,
        errors: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after
        self.members: Mapping[str, Any] = {}

    def problem(self, request_id: str | None = None) -> Problem:
        return Problem(
            type=f"urn:parley:{self.code}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            code=self.code,
            retryable=self.retryable,
            request_id=request_id,
            errors=self.errors,
            retry_after=None if self.retry_after is None else max(1, round(self.retry_after)),
            members=self.members,
        )


class BadInput(ParleyError):
    code, status = "invalid_request", 422


class MalformedBody(BadInput):
    code, status = "malformed_body", 400


class UnknownModel(BadInput):
    code = "unknown_model"


class UnpricedModel(BadInput):
    """Where money is limited, what nobody knows the price of is not bought."""

    code = "unpriced_model"


class ExtractionFailed(ParleyError):
    """Its `members` are the last candidate with its issues, the attempts and what they cost."""

    code, status = "extraction_failed", 422


class ExtractionStopped(ExtractionFailed):
    code = "extraction_stopped"


class BudgetSpent(ParleyError):
    code, status = "budget_spent", 402


class NotAuthenticated(ParleyError):
    code, status = "not_authenticated", 401


class NotAllowed(ParleyError):
    code, status = "not_allowed", 403


class NotFound(ParleyError):
    """Absent, or somebody else's: the caller cannot tell which."""

    code, status = "not_found", 404

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no {kind} with this id, or it is not yours.")
        self.kind = kind


class Conflict(ParleyError):
    code, status = "conflict", 409


class TooMany(ParleyError):
    """A limit of ours is reached; a provider's is RateLimited."""

    code, status, retryable = "rate_limited", 429, True


class Unavailable(ParleyError):
    code, status, retryable = "unavailable", 503, True


class ShuttingDown(Unavailable):
    code = "shutting_down"


class WorkerLost(Unavailable):
    """The process that generated an answer ended before it did."""

    code = "interrupted"

    def __init__(
        self,
        detail: str = "The server process that wrote this answer is gone. What it had said is "
        "kept, as far as it is known; ask again for a whole answer.",
        *,
        errors: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, errors=errors, retry_after=retry_after)


class OutputTooLong(ParleyError):
    code, status = "output_too_long", 502


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
