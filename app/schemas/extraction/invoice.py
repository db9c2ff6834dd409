"""Invoices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.evidence.issues import Issue
from app.schemas.extraction.base import Extracted, Item, rule
from app.schemas.extraction.fields import confidence, items, said, text
from app.schemas.extraction.sums import adds_up, not_before
from app.schemas.extraction.values import Amount, Currency, Day, Reading

TOTAL = ("total", "amount due", "total due", "invoice total", "gesamtbetrag", "montant", "importe")


class LineItem(Item):
    """One line of what is charged; null for what the text does not say."""

    description = text("what is charged")
    quantity = said(Amount, "how many")
    unit_price = said(Amount, "the price of one")
    amount = said(Amount, "the price of the line")


class Invoice(Extracted):
    """An invoice. Write null for what the text does not say; never guess."""

    name = "invoice"

    vendor_name = text("who asks for the money", merge="first", labels=("from", "vendor", "seller"))
    invoice_number = text("its number", merge="first", labels=("invoice no", "invoice", "number"))
    invoice_date = said(Day, "when it was issued, as 2026-12-31", merge="first", labels=("date",))
    due_date = said(
        Day, "by when it is to be paid, as 2026-12-31", labels=("due", "pay by", "payable by")
    )
    currency = said(Currency, "the currency's code of ISO 4217, as EUR")
    amount = said(
        Amount,
        "the total to be paid; as it stands in the text or as 1250.00",
        merge="last",
        labels=TOTAL,
    )
    tax = said(Amount, "the tax in it, or on top of the line items", merge="last")
    line_items = items(LineItem, "what is charged, line by line")
    confidence = confidence()

    @rule
    def _due_after_it_was_issued(self, data: dict[str, Any], _: Reading) -> Iterator[Issue]:
        yield from not_before(data, "due_date", "invoice_date")

    @rule
    def _the_lines_add_up(self, data: dict[str, Any], _: Reading) -> Iterator[Issue]:
        yield from adds_up(data, "amount", ["tax"])
