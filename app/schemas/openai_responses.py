"""Bodies of OpenAI's responses."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body, Number
from app.schemas.openai_chat import EFFORTS, OpenAIMetadata, image_bytes
from app.schemas.openai_fields import Ignored, Unsupported
from app.schemas.openai_items import Input
from app.schemas.openai_tools import Format, ToolChoice, Tools


class ResponseStreamOptions(Body):
    include_obfuscation = Ignored()


class ResponseReasoning(Body):
    effort = fields.Str(allow_none=True, validate=OneOf(EFFORTS))
    summary = Ignored()
    generate_summary = Ignored()


class ResponseText(Body):
    format = Format(flat=True)
    verbosity = Unsupported("medium")


class ResponseBody(Body):
    """As OpenAI has it. Of what is not listed nothing is taken."""

    holds_images = True

    input = Input()
    instructions = fields.Str(allow_none=True)
    model = fields.Str(allow_none=True, validate=Length(min=1, max=200))
    stream = fields.Bool(allow_none=True, truthy={True}, falsy={False})
    stream_options = fields.Nested(ResponseStreamOptions, allow_none=True)
    temperature = Number(allow_none=True, allow_nan=False, validate=Range(0, 2))
    top_p = Number(allow_none=True, allow_nan=False, validate=Range(0, 1))
    max_output_tokens = fields.Int(allow_none=True, strict=True, validate=Range(1, 1_000_000))
    reasoning = fields.Nested(ResponseReasoning, allow_none=True)
    tools = Tools(flat=True)
    tool_choice = ToolChoice(flat=True)
    parallel_tool_calls = fields.Bool(allow_none=True, truthy={True}, falsy={False})
    text = fields.Nested(ResponseText, allow_none=True)
    metadata = fields.Nested(OpenAIMetadata, allow_none=True)

    user = Ignored()
    safety_identifier = Ignored()
    prompt_cache_key = Ignored()
    prompt_cache_retention = Ignored()
    service_tier = Ignored()
    store = Ignored()
    include = Ignored()

    background = Unsupported(False)
    conversation = Unsupported()
    context_management = Unsupported()
    max_tool_calls = Unsupported()
    previous_response_id = Unsupported()
    prompt = Unsupported()
    top_logprobs = Unsupported(0)
    truncation = Unsupported("disabled")

    def image_bytes(self, body: Any) -> int:
        return image_bytes(body, "input", "content")

    @post_load
    def _ours(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """In our words: `ask` is what a Completion is made of."""
        system, drafts = data["input"]
        orders = "\n\n".join(filter(None, (data.get("instructions"), system)))
        same = ("model", "temperature", "top_p", "max_output_tokens", "tools", "tool_choice")
        ask = {name: data[name] for name in same if name in data}
        ask |= {"messages": drafts, "system": orders or None}
        ask["parallel_tools"] = data.get("parallel_tool_calls")
        ask["output"] = (data.get("text") or {}).get("format")
        ask["reasoning_effort"] = (data.get("reasoning") or {}).get("effort")
        ask["conversation_id"] = (data.get("metadata") or {}).get("conversation_id")
        return {"ask": ask, "stream": bool(data.get("stream"))}


class ResponseAnswer(Schema):
    """An object of the kind response."""

    id = fields.Str()
    object = fields.Str()
    created_at = fields.Int()
    status = fields.Str()
    model = fields.Str()
    error = fields.Dict(allow_none=True)
    incomplete_details = fields.Dict(allow_none=True)
    output = fields.List(fields.Dict())
    usage = fields.Dict(allow_none=True)
    parallel_tool_calls = fields.Bool()
    tool_choice = fields.Raw()
    tools = fields.List(fields.Dict())
    metadata = fields.Dict()
    store = fields.Bool()
