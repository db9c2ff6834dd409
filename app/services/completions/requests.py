"""A completion as each model of a chain is asked it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from app.accounts import Account
from app.messages import Message
from app.providers.base import ModelRequest, Output, Tool
from app.services.completions.completion import Completion
from app.services.composing import least
from app.services.models import Candidate, Model
from app.structure.dialects import Name as Dialect
from app.structure.schema import load
from app.structure.wire import encode

_FORM = (
    "Answer with one JSON object and nothing else: no words before or after it, and no fence of "
    "code around it."
)
_SCHEMA = " It must fit this JSON Schema:\n{schema}"

# Who takes a form for the answer in a field of its own, as it is.
_TAKES_FORMS = {"openai"}


def whole(account: Account, asked: Completion, messages: Sequence[Message]) -> ModelRequest:
    """The request, for no model yet."""
    return ModelRequest(
        model="",
        messages=tuple(messages),
        system=asked.system,
        temperature=asked.temperature,
        max_output_tokens=least(asked.max_output_tokens, account.max_output_tokens),
        reasoning_effort=asked.reasoning_effort,
        tools=asked.tools,
        tool_choice=asked.tool_choice,
        parallel_tools=asked.parallel_tools,
        stop=asked.stop,
        top_p=asked.top_p,
        seed=asked.seed,
        output=asked.output,
    )


def fitted(request: ModelRequest, candidate: Candidate) -> ModelRequest:
    """The same for one model. What a vendor cannot be held to is asked for in words, or not at
    all, and looked at when the answer is there.
    """
    model = candidate.model
    more: dict[str, Any] = {"model": model.name, "patience": candidate.patience}
    if request.tools and not model.profile.strict_schema:
        more["tools"] = tuple(_loose(tool) for tool in request.tools)
    if (output := request.output) and model.provider.name not in _TAKES_FORMS:
        more["output"] = msgspec.structs.replace(output, strict=_is_exact(output, model))
        more["system"] = "\n\n".join(filter(None, (request.system, _in_words(output))))
    return msgspec.structs.replace(request, **more)


def _loose(tool: Tool) -> Tool:
    return msgspec.structs.replace(tool, strict=False) if tool.strict else tool


def _is_exact(output: Output, model: Model) -> bool:
    """Whether the vendor can be held to this very schema, with nothing changed in it."""
    if output.schema is None or not model.profile.strict_schema:
        return False
    dialect: Dialect = "anthropic_tool" if model.provider.name == "anthropic" else "openai_strict"
    wire = encode(load(output.schema), dialect)
    return wire.strict and not wire.loosened and wire.schema == output.schema


def _in_words(output: Output) -> str:
    if output.schema is None:
        return _FORM
    schema = json.dumps(output.schema, ensure_ascii=False, separators=(",", ":"))
    return _FORM + _SCHEMA.format(schema=schema)
