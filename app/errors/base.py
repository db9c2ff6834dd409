"""What every error carries, and how it is told."""

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
