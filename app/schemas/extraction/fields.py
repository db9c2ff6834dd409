"""Fields of registered schemas. Each may be null: that the text does not say is an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Number

_Field = TypeVar("_Field", bound=fields.Field[Any])
_LONGEST = 2_000


def said(
    kind: type[_Field],
    description: str,
    *,
    merge: str = "surest",
    labels: Sequence[str] = (),
    evidence: str = "value",
    **more: Any,
) -> _Field:
    """A field.

    Args:
        merge: Which of the values of a long text's pieces counts, as `merging.merge` has it.
        labels: What stands before such a value in texts.
        evidence: `value` stands in the text; of a `judgement` only the quote does; nothing of what
            is `beside` the text.
    """
    metadata = {"description": description, "merge": merge, "labels": labels, "evidence": evidence}
    return kind(allow_none=True, load_default=None, metadata=metadata, **more)


def text(description: str, **more: Any) -> fields.Str:
    return said(fields.Str, description, validate=Length(min=1, max=_LONGEST), **more)


def choice(description: str, choices: Sequence[str]) -> fields.Str:
    return said(fields.Str, description, evidence="judgement", validate=OneOf(choices))


def texts(description: str, *, merge: str = "union", **more: Any) -> fields.List[Any]:
    inner = fields.Str(validate=Length(min=1, max=_LONGEST), metadata={})
    return fields.List(
        inner,
        allow_none=True,
        load_default=None,
        metadata={"description": description, "merge": merge, **more},
    )


def items(schema: type[Schema], description: str) -> fields.List[Any]:
    return fields.List(
        fields.Nested(schema),
        allow_none=True,
        load_default=None,
        metadata={"description": description, "merge": "concatenate"},
    )


def confidence() -> Number:
    return said(
        Number,
        "how sure you are of all of it, 0 to 1",
        evidence="beside",
        allow_nan=False,
        validate=Range(0, 1),
    )
