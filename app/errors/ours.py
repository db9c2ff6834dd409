"""What is wrong with a request, or with this server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors.base import ParleyError


class BadInput(ParleyError):
    code, status = "invalid_request", 422


class MalformedBody(BadInput):
    code, status = "malformed_body", 400


class MalformedRequest(BadInput):
    """It is no HTTP."""

    code, status = "malformed_request", 400


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


class OutputInvalid(ParleyError):
    """The model has answered, and not in the form that it was to keep to."""

    code, status = "output_invalid", 422


class RunStopped(ParleyError):
    """What a caller is told whose format has no word for it."""

    code, status = "stopped", 422

    def __init__(
        self,
        detail: str = "The run was stopped before its answer was whole. Ask again for it.",
        **more: Any,
    ) -> None:
        super().__init__(detail, **more)


class ContentFiltered(ParleyError):
    """A rule of this installation blocks what was said; a provider's own is ContentRefused."""

    code, status = "content_filtered", 422


class BudgetSpent(ParleyError):
    code, status = "budget_spent", 402


class NotAuthenticated(ParleyError):
    code, status = "not_authenticated", 401


class NotAllowed(ParleyError):
    code, status = "not_allowed", 403


class TermsNotAccepted(NotAllowed):
    """Its member `version` is that of the terms that are to be accepted."""

    code = "terms_not_accepted"

    def __init__(self, version: str) -> None:
        super().__init__(
            f"The terms of this service, version {version}, must be accepted first. Read them with "
            "GET /api/terms, and accept them with POST /api/terms."
        )
        self.members = {"version": version}


class CsrfRefused(NotAllowed):
    """It came with a cookie, and without what a page of ours sends besides."""

    code = "csrf_refused"


class NotFound(ParleyError):
    """Absent, or somebody else's: the caller cannot tell which."""

    code, status = "not_found", 404

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no {kind} with this id, or it is not yours.")
        self.kind = kind


class UpgradeRequired(ParleyError):
    code, status = "upgrade_required", 426


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
