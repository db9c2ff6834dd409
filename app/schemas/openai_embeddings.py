"""Bodies of OpenAI's embeddings."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body
from app.schemas.openai_fields import Ignored

_MOST = 2_048  # texts at once


class Texts(fields.Field[tuple[str, ...]]):
    """A text, or a list of them. Lists of tokens are some vendor's own and not taken."""

    def __init__(self) -> None:
        text = {"type": "string", "minLength": 1}
        texts = {"type": "array", "items": text, "minItems": 1, "maxItems": _MOST}
        super().__init__(required=True, metadata={"anyOf": [text, texts]})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(x, str) and x for x in listed):
            raise ValidationError("Must be a text, or a list of texts, and none of them empty.")
        if not 1 <= len(listed) <= _MOST:
            raise ValidationError(f"Must be 1 to {_MOST} texts.")
        return tuple(listed)


class EmbeddingsBody(Body):
    input = Texts()
    model = fields.Str(required=True, validate=Length(min=1, max=200))
    dimensions = fields.Int(allow_none=True, strict=True, validate=Range(1, 100_000))
    encoding_format = fields.Str(allow_none=True, validate=OneOf(["float", "base64"]))
    user = Ignored()

    @post_load
    def _ours(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {
            "model": data["model"],
            "texts": data["input"],
            "dimensions": data.get("dimensions"),
            "encoding": data.get("encoding_format"),
        }


class EmbeddingsAnswer(Schema):
    object = fields.Str()
    model = fields.Str()
    data = fields.List(fields.Dict())
    usage = fields.Dict()


class OpenAIModel(Schema):
    id = fields.Str(required=True)
    object = fields.Str(required=True)
    created = fields.Int(required=True)
    owned_by = fields.Str(required=True)


class OpenAIModels(Schema):
    object = fields.Str(required=True)
    data = fields.List(fields.Nested(OpenAIModel), required=True)
