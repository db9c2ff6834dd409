"""What goes into a batch, and what comes out for each document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from app.errors import ParleyError
from app.events import Usage
from app.services.extraction.request import Request
from app.services.extraction.result import Result, cost, total

Status = Literal["ok", "failed", "skipped"]
AT_ONCE = 4


@dataclass(frozen=True)
class Document:
    """`id` is the caller's own. In the text's place may stand why there is none."""

    id: str
    text: str | ParleyError = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """`asked` says what is wanted of each document; its text is nobody's.

    `budget_usd` is for all together, without one nothing but the account's own budgets limits
    them. `at_once` documents are under way at a time.
    """

    documents: Iterable[Document]
    asked: Request
    budget_usd: Decimal | None = None
    at_once: int = AT_ONCE

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Batch:
        """From a body as it was loaded. A null is the same as nothing."""
        given = dict(body)
        documents = [Document(sent["id"], sent["text"]) for sent in given.pop("documents")]
        budget = given.pop("budget_usd", None)
        return cls(documents=documents, asked=Request.of({**given, "text": ""}), budget_usd=budget)

    def request(self, text: str) -> Request:
        return replace(self.asked, text=text)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Of one document: its result, or the problem document that says why there is none.

    Skipped means that no model was asked.
    """

    id: str
    status: Status
    result: Result | UnsetType = UNSET
    problem: Mapping[str, Any] | UnsetType = UNSET

    @property
    def bill(self) -> tuple[Usage, Decimal | None]:
        """What it came to, in any case."""
        if self.result:
            return self.result.usage, self.result.cost_usd
        told = self.problem or {}
        return told.get("usage", Usage()), told.get("cost_usd", Decimal(0))


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Of a batch. The cost is None where that of some call is not known."""

    documents: int = 0
    ok: int = 0
    failed: int = 0
    skipped: int = 0
    usage: Usage = Usage()
    cost_usd: Decimal | None = Decimal(0)

    def adding(self, outcome: Outcome) -> Totals:
        usage, spent = outcome.bill
        counted = {name: getattr(self, name) for name in ("ok", "failed", "skipped")}
        counted[outcome.status] += 1
        return Totals(
            documents=self.documents + 1,
            **counted,
            usage=total([self.usage, usage]),
            cost_usd=cost([self.cost_usd, spent]),
        )
