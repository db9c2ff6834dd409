"""Receipts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.evidence.issues import Issue
from app.schemas.extraction.base import Extracted, rule
from app.schemas.extraction.fields import confidence, items, said, text
from app.schemas.extraction.invoice import TOTAL, LineItem
from app.schemas.extraction.sums import adds_up
from app.schemas.extraction.values import Amount, Currency, Day, Reading


class Receipt(Extracted):
    """A receipt of a shop. Write null for what the text does not say; never guess."""

    name = "receipt"

    company = text("who sold it", merge="first")
    address = text("where it was sold", merge="first")
    date = said(Day, "the day of the sale, as 2026-12-31")
    currency = said(Currency, "the currency's code of ISO 4217, as EUR")
    total = said(
        Amount,
        "what was to be paid; as it stands in the text or as 12.50",
        merge="last",
        labels=("grand total", "rounded total", *TOTAL),
    )
    tax = said(Amount, "the tax in it, or on top of the line items", merge="last")
    rounding = said(Amount, "by how much the total was rounded", merge="last")
    line_items = items(LineItem, "what was bought, line by line")
    confidence = confidence()

    @rule
    def _the_lines_add_up(self, data: dict[str, Any], _: Reading) -> Iterator[Issue]:
        yield from adds_up(data, "total", ["tax", "rounding"])
