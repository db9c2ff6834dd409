"""The variables of a prompt: what is declared of them, and the form of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from app.errors import BadInput

# `text` and `texts` are a caller's own words, the others are one of few values.
Kind = Literal["text", "texts", "choice", "integer", "boolean"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FREE: frozenset[Kind] = frozenset({"text", "texts"})

# Where a file says nothing: characters, and texts in a list.
LIMITS: Mapping[Kind, Mapping[str, int]] = {
    "text": {"max_length": 20_000},
    "texts": {"max_length": 20_000, "max_items": 50},
}


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """`max_length` counts characters, of each text in a list; None where it is no text."""

    name: str
    type: Kind
    description: str = ""
    required: bool = True
    default: Any = None
    max_length: int | None = None
    max_items: int | None = None
    choices: Sequence[str] | None = None
    minimum: int | None = None
    maximum: int | None = None


class _Values(Schema):
    class Meta:
        unknown = RAISE


def schema_of(variables: Sequence[Variable]) -> Schema:
    """What the values of all of them must look like."""
    made: Schema = _Values.from_dict({v.name: _field(v) for v in variables})()
    return made


def load(schema: Schema, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """A text that is empty is the same as none. Raises BadInput, by field, under `variables`."""
    try:
        values: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise BadInput(
            "Not every variable is right; `errors` says what is wrong with each.",
            errors={"variables": error.messages_dict},
        ) from error
    return {name: value if value not in ("", []) else None for name, value in values.items()}


def refused(variable: Variable) -> Sequence[str]:
    """What is wrong with the default, in sentences."""
    if variable.default is None:
        return ()
    try:
        _field(variable).deserialize(variable.default)
    except ValidationError as error:
        return [f"default: {sentence}" for sentence in _sentences(error.messages)]
    return ()


def _sentences(messages: Any) -> Sequence[str]:
    if isinstance(messages, dict):
        return [sentence for said in messages.values() for sentence in _sentences(said)]
    return list(messages)


def _field(variable: Variable) -> fields.Field[Any]:
    optional: dict[str, Any] = {"load_default": variable.default, "allow_none": True}
    how: dict[str, Any] = {"required": True} if variable.required else optional
    longest = Length(max=variable.max_length)
    match variable.type:
        case "text" if variable.required:
            return fields.Str(validate=[longest, _not_blank], **how)
        case "text":
            return fields.Str(validate=longest, **how)
        case "texts":
            inner = fields.Str(validate=[longest, _not_blank])
            number = Length(1 if variable.required else None, variable.max_items)
            return fields.List(inner, validate=number, **how)
        case "choice":
            return fields.Str(validate=OneOf(variable.choices or ()), **how)
        case "integer":
            among = Range(variable.minimum, variable.maximum)
            return fields.Int(strict=True, validate=among, **how)
        case "boolean":
            return fields.Bool(truthy={True}, falsy={False}, **how)


def _not_blank(text: str) -> None:
    if not text.strip():
        raise ValidationError("Must not be empty.")
