"""What a body would take and cost."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf


def _described(text: str) -> dict[str, str]:
    return {"description": text}


class CostRange(Schema):
    """US dollars."""

    min = fields.Float(
        required=True, metadata=_described("the input as it was counted, and no output")
    )
    max = fields.Float(
        required=True,
        metadata=_described("never less than the bill: the input's bound and all of the output"),
    )


class TokensAnswer(Schema):
    model = fields.Str(required=True, metadata=_described("who would be asked first"))
    input_tokens = fields.Int(required=True)
    counted = fields.Str(
        required=True,
        validate=OneOf(["provider", "tokenizer", "bound"]),
        metadata=_described(
            "by whom; a bound is never below the provider's count, and often four times as high"
        ),
    )
    max_output_tokens = fields.Int(
        required=True, metadata=_described("the least of what is asked for and what is allowed")
    )
    cost_usd = fields.Nested(
        CostRange, required=True, allow_none=True, metadata=_described("null: no price is known")
    )
