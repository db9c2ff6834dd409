"""Bodies and answers of extractions from many documents."""

from __future__ import annotations

from collections import Counter
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length

from app.schemas.base import Body, Dollars, not_blank
from app.schemas.chat import UsageSchema
from app.schemas.extract import ExtractAnswer, HowBody

_MOST_DOCUMENTS, _MOST_CHARACTERS = 500, 1_000_000
_MOST_DOLLARS = 1_000_000


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class HowAllBody(HowBody):
    """How to extract from many documents."""

    budget_usd = Dollars(
        _MOST_DOLLARS,
        allow_none=True,
        metadata={
            "type": ["string", "number"],
            **_described(
                "for all documents together, and never exceeded: when it can't cover the next one, "
                "the rest is skipped"
            ),
        },
    )


class DocumentSchema(Body):
    id = fields.Str(
        required=True,
        validate=[Length(max=200), not_blank],
        metadata={**_described("your own"), "example": "letter-1"},
    )
    text = fields.Str(
        required=True, validate=not_blank, metadata={"example": "Ada Lovelace, ada@example.com"}
    )


class BatchBody(HowAllBody):
    documents = fields.List(
        fields.Nested(DocumentSchema),
        required=True,
        validate=Length(
            min=1,
            max=_MOST_DOCUMENTS,
            error="Must be {min} to {max} documents. Send the rest in another batch.",
        ),
        metadata=_described(
            f"at most {_MOST_DOCUMENTS}, with {_MOST_CHARACTERS} characters in all; each has an id "
            "of its own"
        ),
    )

    @validates_schema
    def _can_be_told_apart(self, data: dict[str, Any], **_: Any) -> None:
        counted = Counter(document["id"] for document in data["documents"])
        twice = [name for name, count in counted.items() if count > 1]
        if twice:
            raise ValidationError(f"The id {twice[0]!r} is there more than once.", "documents")

    @validates_schema
    def _is_not_too_long(self, data: dict[str, Any], **_: Any) -> None:
        size = sum(len(document["text"]) for document in data["documents"])
        if size > _MOST_CHARACTERS:
            raise ValidationError(
                f"Must have {_MOST_CHARACTERS} characters in all, at most, and these have {size}. "
                "Send some in another batch.",
                "documents",
            )


class TotalsSchema(Schema):
    documents = fields.Int(required=True)
    ok = fields.Int(required=True)
    failed = fields.Int(required=True)
    skipped = fields.Int(required=True)
    usage = fields.Nested(UsageSchema, required=True)
    cost_usd = fields.Float(
        required=True, allow_none=True, metadata=_described("null where no price is known")
    )


class BatchLine(Schema):
    """A line: a document with its `result` or its `problem`, or the `totals`."""

    id = fields.Str()
    status = fields.Str(metadata=_described("ok, failed, or skipped: no model was asked"))
    result = fields.Nested(ExtractAnswer)
    problem = fields.Dict()
    totals = fields.Nested(
        TotalsSchema, metadata=_described("alone on the last line; without it, it is not whole")
    )
