"""What is posted to OpenAI's chat completions, and to all that speak its format."""

from __future__ import annotations

from typing import Any

from app.messages import ImagePart, Message, Part, TextPart, ToolCallPart, ToolResultPart
from app.providers.base import ModelRequest, Output, Tool

JSON = dict[str, Any]


def body(request: ModelRequest, *, limit_field: str, stream_options: bool = True) -> JSON:
    """The JSON to post. `limit_field` is what the server calls its output limit.

    Usage comes in a last chunk of its own, only if it is asked for: `stream_options`, which a few
    servers refuse that send it anyway.
    """
    system = [{"role": "system", "content": request.system}] if request.system else []
    optional = {
        "temperature": request.temperature,
        limit_field: request.max_output_tokens,
        "reasoning_effort": request.reasoning_effort,
        "top_p": request.top_p,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "response_format": _format(request.output),
    }
    return {
        "model": request.model,
        "messages": system + [part for message in request.messages for part in _said(message)],
        "stream": True,
        **({"stream_options": {"include_usage": True}} if stream_options else {}),
        **{name: value for name, value in optional.items() if value is not None},
        **(_tools(request) if request.tools else {}),
    }


def _format(output: Output | None) -> JSON | None:
    if output is None:
        return None
    if output.schema is None:
        return {"type": "json_object"}
    described = {"description": output.description} if output.description else {}
    schema = {"name": output.name, **described, "schema": output.schema, "strict": output.strict}
    return {"type": "json_schema", "json_schema": schema}


def _said(message: Message) -> list[JSON]:
    """One message, but each result of a tool is a message too, and they come first."""
    if message.role == "assistant":
        return [_answer(message)]
    results = [_result(part) for part in message.parts if isinstance(part, ToolResultPart)]
    content = _content(message)
    return results + ([{"role": "user", "content": content}] if content or not results else [])


def _answer(message: Message) -> JSON:
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCallPart)]
    if not calls:
        return {"role": "assistant", "content": message.text}
    return {"role": "assistant", "content": message.text or None, "tool_calls": calls}


def _content(message: Message) -> str | list[JSON]:
    """Text alone stays a plain string, which every server takes."""
    if not any(isinstance(part, ImagePart) for part in message.parts):
        return message.text
    return [shown for part in message.parts if (shown := _shown(part))]


def _shown(part: Part) -> JSON | None:
    match part:
        case ImagePart(media_type, data):
            url = f"data:{media_type};base64,{data}"
            return {"type": "image_url", "image_url": {"url": url}}
        case TextPart(text) if text.strip():
            return {"type": "text", "text": text}
        case _:
            return None


def _call(part: ToolCallPart) -> JSON:
    function = {"name": part.name, "arguments": part.arguments}
    return {"id": part.call_id, "type": "function", "function": function}


def _result(part: ToolResultPart) -> JSON:
    """There is no mark for an error; the output says so itself."""
    return {"role": "tool", "tool_call_id": part.call_id, "content": part.output}


def _tools(request: ModelRequest) -> JSON:
    """What is the default anyway is left out: not every compatible server knows every field."""
    body: JSON = {"tools": [_tool(tool) for tool in request.tools]}
    choice = request.tool_choice
    if choice in ("none", "required"):
        body["tool_choice"] = choice
    elif choice != "auto":
        body["tool_choice"] = {"type": "function", "function": {"name": choice}}
    if not request.parallel_tools:
        body["parallel_tool_calls"] = False
    return body


def _tool(tool: Tool) -> JSON:
    strict = {"strict": True} if tool.strict else {}
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": {**function, **strict}}
