"""What is posted to Anthropic's messages API."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from app.messages import (
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from app.providers.base import Effort, ModelRequest, Tool
from app.providers.prompt_caching import mark

JSON = dict[str, Any]

# The API requires max_tokens; this is the default where the caller names no limit.
_MAX_TOKENS = 8192

# Up to version 4.5 models think for a number of tokens; from 4.6 on they take an effort.
_BUDGETED = re.compile(r"claude-3-.+|claude-[a-z]+-4(-[0-5])?(-\d{8}|-latest)?")
_LEAST_BUDGET = 1024
_SHARES: dict[Effort, float] = {"minimal": 0.0, "low": 0.25, "medium": 0.5, "high": 0.75}


def body(request: ModelRequest) -> JSON:
    """The JSON to post.

    `temperature` and `top_p` are left out: the API does not take them any more (SDK 2.11). It has
    no `seed`, and of an `output` it takes a schema alone, and that only where it is a strict one.
    """
    max_tokens = request.max_output_tokens or _MAX_TOKENS
    return mark(
        {
            "model": request.model,
            "max_tokens": max_tokens,
            "messages": [_said(message) for message in request.messages],
            "stream": True,
            **({"system": request.system} if request.system else {}),
            **(_tools(request) if request.tools else {}),
            **({"stop_sequences": list(request.stop)} if request.stop else {}),
            **_configured(request, max_tokens),
        }
    )


def counted(request: ModelRequest) -> JSON:
    """The same, as it is posted to have its tokens counted."""
    made = body(request)
    del made["max_tokens"], made["stream"]
    made.pop("stop_sequences", None)
    return made


def _said(message: Message) -> JSON:
    """Text alone stays a plain string. Results of tools must come first in their message."""
    blocks = [block for part in message.parts if (block := _block(part))]
    if all(block["type"] == "text" for block in blocks):
        return {"role": message.role, "content": message.text}
    blocks.sort(key=lambda block: block["type"] != "tool_result")
    return {"role": message.role, "content": blocks}


def _block(part: Part) -> JSON | None:
    """None for what the API refuses: text that is empty, reasoning that it has not signed."""
    match part:
        case TextPart(text):
            return {"type": "text", "text": text} if text.strip() else None
        case ReasoningPart(_, None):
            return None
        case ReasoningPart(_, signature, redacted=True):
            return {"type": "redacted_thinking", "data": signature}
        case ReasoningPart(text, signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case ImagePart(media_type, data):
            source = {"type": "base64", "media_type": media_type, "data": data}
            return {"type": "image", "source": source}
        case ToolCallPart(call_id, name, arguments):
            return {"type": "tool_use", "id": call_id, "name": name, "input": _input(arguments)}
        case ToolResultPart(call_id, output, is_error):
            failed = {"is_error": True} if is_error else {}
            return {"type": "tool_result", "tool_use_id": call_id, "content": output, **failed}


def _input(arguments: str) -> JSON:
    """The API takes an object only; what a model wrote amiss is shown to it inside of one."""
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"INVALID_JSON": arguments}


def _tools(request: ModelRequest) -> JSON:
    body: JSON = {"tools": [_tool(tool) for tool in request.tools]}
    choice = request.tool_choice
    kind = {"auto": "auto", "none": "none", "required": "any"}.get(choice, "tool")
    wanted: JSON = {"type": kind, "name": choice} if kind == "tool" else {"type": kind}
    if not request.parallel_tools and kind != "none":
        wanted["disable_parallel_tool_use"] = True
    return {**body, "tool_choice": wanted} if wanted != {"type": "auto"} else body


def _tool(tool: Tool) -> JSON:
    strict = {"strict": True} if tool.strict else {}
    described = {"name": tool.name, "description": tool.description}
    return {**described, "input_schema": tool.parameters, **strict}


def _configured(request: ModelRequest, max_tokens: int) -> JSON:
    """How hard to think, and in which form to answer."""
    made, output = _reasoning(request, max_tokens), request.output
    if output is None or output.schema is None or not output.strict:
        return made
    form = {"format": {"type": "json_schema", "schema": output.schema}}
    return {**made, "output_config": {**made.get("output_config", {}), **form}}


def _reasoning(request: ModelRequest, max_tokens: int) -> JSON:
    """How hard to think. The API refuses thinking beside a call that is forced."""
    effort = request.reasoning_effort
    forced = request.tools and request.tool_choice not in ("auto", "none")
    if effort is None:
        return {}
    if _BUDGETED.fullmatch(request.model):
        budget = max(_LEAST_BUDGET, int(max_tokens * _SHARES[effort]))
        fits = budget < max_tokens and not forced
        return {"thinking": {"type": "enabled", "budget_tokens": budget}} if fits else {}
    config = {"output_config": {"effort": "low" if effort == "minimal" else effort}}
    thinking = {"type": "adaptive", "display": "summarized"}
    return config if forced else {"thinking": thinking, **config}
