"""The tree of errors. Errors carry data; what a caller reads is made of it in one place.

    ParleyError                      500  internal_error
    ├── BadInput                     422  invalid_request      errors by field
    │   ├── MalformedBody            400  malformed_body
    │   ├── MalformedRequest         400  malformed_request
    │   ├── UnknownModel             422  unknown_model
    │   └── UnpricedModel            422  unpriced_model
    ├── ExtractionFailed             422  extraction_failed    no answer of the model was valid
    │   └── ExtractionStopped        422  extraction_stopped   by the caller
    ├── OutputInvalid                422  output_invalid       the answer does not fit its schema
    ├── RunStopped                   422  stopped              before its answer was whole
    ├── ContentFiltered              422  content_filtered     a rule of ours blocks the question
    ├── BudgetSpent                  402  budget_spent
    ├── NotAuthenticated             401  not_authenticated
    ├── NotAllowed                   403  not_allowed
    │   └── CsrfRefused              403  csrf_refused         what another site could send
    │   └── TermsNotAccepted         403  terms_not_accepted   version: of the terms in force
    ├── NotFound                     404  not_found            kind
    ├── UpgradeRequired              426  upgrade_required     the address is a WebSocket's
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

from app.errors.base import (
    ParleyError,
    Problem,
)
from app.errors.ours import (
    BadInput,
    BudgetSpent,
    Conflict,
    ContentFiltered,
    CsrfRefused,
    ExtractionFailed,
    ExtractionStopped,
    MalformedBody,
    MalformedRequest,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OutputInvalid,
    OutputTooLong,
    RunStopped,
    ShuttingDown,
    TermsNotAccepted,
    TooMany,
    Unavailable,
    UnknownModel,
    UnpricedModel,
    UpgradeRequired,
    WorkerLost,
)
from app.errors.providers import (
    AuthenticationFailed,
    ContentRefused,
    ContextTooLong,
    CutOff,
    ModelNotFound,
    Overloaded,
    Paused,
    PermissionDenied,
    ProtocolBroken,
    ProviderError,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderTimeout,
    RateLimited,
    Unreachable,
)

__all__ = [
    "AuthenticationFailed",
    "BadInput",
    "BudgetSpent",
    "Conflict",
    "ContentFiltered",
    "ContentRefused",
    "ContextTooLong",
    "CsrfRefused",
    "CutOff",
    "ExtractionFailed",
    "ExtractionStopped",
    "MalformedBody",
    "MalformedRequest",
    "ModelNotFound",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "OutputInvalid",
    "OutputTooLong",
    "Overloaded",
    "ParleyError",
    "Paused",
    "PermissionDenied",
    "Problem",
    "ProtocolBroken",
    "ProviderError",
    "ProviderMisconfigured",
    "ProviderRefused",
    "ProviderTimeout",
    "RateLimited",
    "RunStopped",
    "ShuttingDown",
    "TermsNotAccepted",
    "TooMany",
    "Unavailable",
    "UnknownModel",
    "UnpricedModel",
    "Unreachable",
    "UpgradeRequired",
    "WorkerLost",
]
