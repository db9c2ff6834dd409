"""Bodies of Anthropic's messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load
from marshmallow.validate import Length, OneOf, Range

from app.schemas import anthropic_blocks
from app.schemas.base import Body, Number
from app.schemas.openai_fields import Ignored, Unsupported, Wrong, taken

_ID = Length(min=1, max=40)
_OBJECT = {"type": "object"}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
# Ours know three; above the highest there is none.
_EFFORTS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
# The share of the tokens that a model may think for, as an effort.
_SHARES = ((0.25, "low"), (0.5, "medium"))


class _Read(fields.Field[Any]):
    """A value that a function reads, which raises Wrong."""

    def __init__(self, read: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._read = read

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        try:
            return self._read(value)
        except Wrong as wrong:
            raise wrong.error() from wrong


class AnthropicMetadata(Body):
    user_id = Ignored()
    conversation_id = fields.Str(
        allow_none=True,
        validate=_ID,
        metadata={"description": "a conversation that is kept here, whose next message this is"},
    )


class Thinking(Body):
    type = fields.Str(required=True, validate=OneOf(["enabled", "disabled", "adaptive"]))
    budget_tokens = fields.Int(allow_none=True, strict=True, validate=Range(1, 1_000_000))
    display = Ignored()


class CountBody(Body):
    """What both bodies have. Of what is not listed nothing is taken."""

    holds_images = True

    model = fields.Str(allow_none=True, validate=Length(min=1, max=200))
    messages = _Read(
        anthropic_blocks.conversation,
        required=True,
        metadata={**_OBJECTS, "minItems": 1, "example": [{"role": "user", "content": "Hello"}]},
    )
    system = _Read(
        anthropic_blocks.orders,
        allow_none=True,
        metadata={"anyOf": [{"type": ["string", "null"]}, _OBJECTS]},
    )
    tools = _Read(anthropic_blocks.tools, allow_none=True, metadata=_OBJECTS)
    tool_choice = _Read(anthropic_blocks.choice, allow_none=True, metadata=_OBJECT)
    thinking = fields.Nested(Thinking, allow_none=True)
    output_config = _Read(lambda sent: _output(sent), allow_none=True, metadata=_OBJECT)

    cache_control = Ignored()

    container = Unsupported()
    context_management = Unsupported({})
    mcp_servers = Unsupported([])
    user_profile_id = Unsupported()
    workspace_id = Unsupported()

    def image_bytes(self, body: Any) -> int:
        return anthropic_blocks.image_bytes(body.get("messages")) if isinstance(body, dict) else 0

    @post_load
    def _ours(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """In our words: `ask` is what a Completion is made of."""
        output = data.get("output_config") or {}
        same = ("model", "messages", "system", "tools", "temperature", "top_p")
        ask = {name: data[name] for name in same if name in data}
        ask |= data.get("tool_choice") or {}
        ask["max_output_tokens"] = data.get("max_tokens")
        ask["stop"] = tuple(data.get("stop_sequences") or ()) or None
        ask["output"] = output.get("output")
        ask["reasoning_effort"] = output.get("effort") or _effort(data)
        ask["conversation_id"] = (data.get("metadata") or {}).get("conversation_id")
        return {"ask": ask, "stream": bool(data.get("stream"))}


class MessagesBody(CountBody):
    """As Anthropic has it."""

    max_tokens = fields.Int(
        required=True, strict=True, validate=Range(1, 1_000_000), metadata={"example": 1024}
    )
    stream = fields.Bool(allow_none=True, truthy={True}, falsy={False})
    temperature = Number(allow_none=True, allow_nan=False, validate=Range(0, 1))
    top_p = Number(allow_none=True, allow_nan=False, validate=Range(0, 1))
    stop_sequences = fields.List(
        fields.Str(validate=Length(min=1)), allow_none=True, validate=Length(max=4)
    )
    metadata = fields.Nested(AnthropicMetadata, allow_none=True)

    service_tier = Ignored()

    diagnostics = Unsupported()
    inference_geo = Unsupported()
    speed = Unsupported("standard")
    top_k = Unsupported()


def _effort(data: Mapping[str, Any]) -> str | None:
    """What a model was to think for, as one of our efforts."""
    thinking = data.get("thinking") or {"type": "disabled"}
    if thinking["type"] == "disabled":
        return None
    budget, most = thinking.get("budget_tokens"), data.get("max_tokens")
    if thinking["type"] == "adaptive" or most is None:
        return "medium"
    if budget is None or budget >= most:
        said = "Must be there, and less than max_tokens."
        raise ValidationError({"thinking": {"budget_tokens": [said]}})
    return next((effort for share, effort in _SHARES if budget <= share * most), "high")


def _output(sent: Any) -> dict[str, Any]:
    """Our `effort`, and our `output` where the answer has a form. Raises Wrong."""
    given = taken(sent, ("effort", "format"))
    made: dict[str, Any] = {}
    if "effort" in given:
        if given["effort"] not in _EFFORTS:
            raise Wrong(f"Must be one of {', '.join(_EFFORTS)}.", "effort")
        made["effort"] = _EFFORTS[given["effort"]]
    if "format" in given:
        made["output"] = _format(given["format"])
    return made


def _format(sent: Any) -> dict[str, Any]:
    try:
        given = taken(sent, ("type", "schema"))
        if given.get("type") != "json_schema":
            raise Wrong("Must be json_schema.", "type")
        if not isinstance(given.get("schema"), dict):
            raise Wrong("Must be a JSON Schema, which is an object.", "schema")
    except Wrong as wrong:
        raise wrong.within("format") from wrong
    return {"name": "answer", "description": "", "schema": given["schema"], "strict": True}


class AnthropicProblem(Schema):
    type = fields.Str(required=True)
    message = fields.Str(required=True)


class AnthropicError(Schema):
    """An error as Anthropic's API says it."""

    type = fields.Str(required=True, validate=OneOf(["error"]))
    error = fields.Nested(AnthropicProblem, required=True)
    request_id = fields.Str(required=True)


class MessageAnswer(Schema):
    """An object of the type message."""

    id = fields.Str()
    type = fields.Str()
    role = fields.Str()
    model = fields.Str()
    content = fields.List(fields.Dict())
    stop_reason = fields.Str(allow_none=True)
    stop_sequence = fields.Str(allow_none=True)
    usage = fields.Dict()


class CountAnswer(Schema):
    input_tokens = fields.Int(required=True)
