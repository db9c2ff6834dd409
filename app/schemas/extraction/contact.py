"""People and firms, and how they are reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from app.evidence.issues import Issue
from app.schemas.extraction.base import Extracted, rule
from app.schemas.extraction.fields import confidence, said, text
from app.schemas.extraction.values import Reading

# Of digits, by ITU-T E.164 at most; the least is an extension of a house.
_FEWEST, _MOST = 3, 15


class Contact(Extracted):
    """Somebody's name and addresses. Write null for what the text does not say; never guess."""

    name = "contact"

    full_name = text("the person", labels=("name", "contact"))
    organization = text("the firm or office", labels=("company", "organisation"))
    job_title = text("what the person does there", labels=("title", "position"))
    email = said(fields.Email, "the address for e-mail", labels=("e-mail", "mail"))
    phone = text("the telephone number as the text writes it", labels=("tel", "telephone"))
    address = text("the postal address")
    website = said(
        fields.Str,
        "the address on the web as the text writes it",
        validate=Length(1, 500),
        labels=("web", "www"),
    )
    confidence = confidence()

    @rule
    def _a_number_can_be_called(self, data: dict[str, Any], _: Reading) -> Iterator[Issue]:
        digits = sum(map(str.isdecimal, data["phone"] or ""))
        if data["phone"] and not _FEWEST <= digits <= _MOST:
            sentence = f"A telephone number has {_FEWEST} to {_MOST} digits, and this has {digits}."
            yield Issue(("phone",), "not_a_phone", sentence)
