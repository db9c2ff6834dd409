"""Bodies of OpenAI's chat completions."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load
from marshmallow.validate import Length, OneOf, Range

from app.schemas.base import Body, Number
from app.schemas.openai_fields import Ignored, Stops, Unsupported
from app.schemas.openai_messages import Messages
from app.schemas.openai_tools import Format, ToolChoice, Tools

EFFORTS = ["minimal", "low", "medium", "high"]
_ID = Length(min=1, max=40)


class ChatStreamOptions(Body):
    include_usage = fields.Bool(allow_none=True, truthy={True}, falsy={False})
    include_obfuscation = Ignored()


class OpenAIMetadata(Schema):
    """Texts by name; one of them means something here."""

    class Meta:
        unknown = EXCLUDE

    conversation_id = fields.Str(
        allow_none=True,
        validate=_ID,
        metadata={"description": "a conversation that is kept here, whose next message this is"},
    )


class ChatCompletionBody(Body):
    """As OpenAI has it. Of what is not listed nothing is taken."""

    holds_images = True

    messages = Messages()
    model = fields.Str(allow_none=True, validate=Length(min=1, max=200))
    stream = fields.Bool(allow_none=True, truthy={True}, falsy={False})
    stream_options = fields.Nested(ChatStreamOptions, allow_none=True)
    temperature = Number(allow_none=True, allow_nan=False, validate=Range(0, 2))
    top_p = Number(allow_none=True, allow_nan=False, validate=Range(0, 1))
    max_completion_tokens = fields.Int(allow_none=True, strict=True, validate=Range(1, 1_000_000))
    max_tokens = fields.Int(allow_none=True, strict=True, validate=Range(1, 1_000_000))
    stop = Stops()
    seed = fields.Int(allow_none=True, strict=True, validate=Range(-(2**63), 2**63 - 1))
    reasoning_effort = fields.Str(allow_none=True, validate=OneOf(EFFORTS))
    tools = Tools(flat=False)
    tool_choice = ToolChoice(flat=False)
    parallel_tool_calls = fields.Bool(allow_none=True, truthy={True}, falsy={False})
    response_format = Format(flat=False)
    metadata = fields.Nested(OpenAIMetadata, allow_none=True)

    user = Ignored()
    safety_identifier = Ignored()
    prompt_cache_key = Ignored()
    prompt_cache_retention = Ignored()
    service_tier = Ignored()
    store = Ignored()

    n = Unsupported(1)
    logprobs = Unsupported(False)
    top_logprobs = Unsupported(0)
    logit_bias = Unsupported({})
    frequency_penalty = Unsupported(0, 0.0)
    presence_penalty = Unsupported(0, 0.0)
    verbosity = Unsupported("medium")
    modalities = Unsupported(["text"])
    audio = Unsupported()
    prediction = Unsupported()
    web_search_options = Unsupported()
    functions = Unsupported([])
    function_call = Unsupported("auto", "none")

    def image_bytes(self, body: Any) -> int:
        return image_bytes(body, "messages", "content")

    @post_load
    def _ours(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """In our words: `ask` is what a Completion is made of."""
        system, drafts = data["messages"]
        most = data.get("max_completion_tokens") or data.get("max_tokens")
        same = ("model", "temperature", "top_p", "stop", "seed", "reasoning_effort", "tools")
        ask = {name: data[name] for name in (*same, "tool_choice") if name in data}
        ask |= {"messages": drafts, "system": system, "max_output_tokens": most}
        ask["parallel_tools"] = data.get("parallel_tool_calls")
        ask["output"] = data.get("response_format")
        ask["conversation_id"] = (data.get("metadata") or {}).get("conversation_id")
        options = data.get("stream_options") or {}
        return {
            "ask": ask,
            "stream": bool(data.get("stream")),
            "usage": bool(options.get("include_usage")),
        }


def image_bytes(body: Any, listed: str, content: str) -> int:
    """Of the pictures in the messages of a body that is not looked at yet."""
    messages = body.get(listed) if isinstance(body, dict) else None
    parts = [
        part
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, dict) and isinstance(message.get(content), list)
        for part in message[content]
        if isinstance(part, dict)
    ]
    return sum(len(url) for part in parts if isinstance(url := _url(part), str))


def _url(part: dict[str, Any]) -> Any:
    image = part.get("image_url")
    return image.get("url") if isinstance(image, dict) else image


class OpenAIProblem(Schema):
    message = fields.Str(required=True)
    type = fields.Str(required=True)
    param = fields.Str(required=True, allow_none=True)
    code = fields.Str(required=True, allow_none=True)


class OpenAIError(Schema):
    """An error as OpenAI's API says it."""

    error = fields.Nested(OpenAIProblem, required=True)


class ChatCompletionAnswer(Schema):
    """An object of the kind chat.completion."""

    id = fields.Str()
    object = fields.Str()
    created = fields.Int()
    model = fields.Str()
    choices = fields.List(fields.Dict())
    usage = fields.Dict()
