"""What providers say of their models where they list them. Of what cannot be read nothing is said.

Each function takes one entry as it came, decoded from JSON, and gives some fields of a Profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from app.errors import ProtocolBroken
from app.profiles import Facts, Tokens
from app.providers.origin import Origin
from app.providers.wire import UNREADABLE

T = TypeVar("T")


class _Models(msgspec.Struct):
    data: list[dict[str, Any]] | None = None


# Together sends the bare list.
_models = msgspec.json.Decoder(_Models | list[dict[str, Any]])


def entries(origin: Origin, content: bytes) -> dict[str, dict[str, Any]]:
    """The entries of a list of models by their names. Raises ProtocolBroken."""
    try:
        said = _models.decode(content)
    except UNREADABLE as error:
        raise ProtocolBroken(
            f"{origin.provider} answered with something that is not a list of models.",
            **origin.kwargs(),
        ) from error
    listed = said if isinstance(said, list) else said.data or []
    named = [entry for entry in listed if isinstance(entry.get("id"), str)]
    # Gemini lists its models by their paths, and takes their names.
    return {entry["id"].removeprefix("models/"): entry for entry in named}


class _OpenAI(msgspec.Struct):
    shutdown_date: str | None = None


class _Support(msgspec.Struct, frozen=True):
    supported: bool | None = None


class _Capabilities(msgspec.Struct):
    image_input: _Support = _Support()
    structured_outputs: _Support = _Support()
    thinking: _Support = _Support()


class _Anthropic(msgspec.Struct):
    max_input_tokens: Tokens | None = None
    max_tokens: Tokens | None = None
    lifecycle: str = "active"
    retires_at: datetime | None = None
    capabilities: _Capabilities | None = None


class _Features(msgspec.Struct, frozen=True):
    vision: bool | None = None
    function_calling: bool | None = None


class _Architecture(msgspec.Struct):
    input_modalities: list[str] = []


class _TopProvider(msgspec.Struct, frozen=True):
    max_completion_tokens: Tokens | None = None


class _Compatible(msgspec.Struct):
    context_window: Tokens | None = None  # Groq
    context_length: Tokens | None = None  # OpenRouter, Together
    max_context_length: Tokens | None = None  # Mistral
    max_model_len: Tokens | None = None  # vLLM
    max_completion_tokens: Tokens | None = None  # Groq
    capabilities: _Features | None = None  # Mistral
    deprecation: str | None = None
    architecture: _Architecture | None = None  # OpenRouter
    top_provider: _TopProvider | None = None
    supported_parameters: list[str] | None = None
    expiration_date: date | None = None


def of_openai(entry: Mapping[str, Any]) -> Facts:
    """The day may be followed by an hour."""
    return _said(retires=_date(_read(entry, _OpenAI).shutdown_date or ""))


def of_anthropic(entry: Mapping[str, Any]) -> Facts:
    said = _read(entry, _Anthropic)
    can = said.capabilities or _Capabilities()
    return _said(
        context_window=said.max_input_tokens,
        max_output_tokens=said.max_tokens,
        images=can.image_input.supported,
        strict_schema=can.structured_outputs.supported,
        reasoning=can.thinking.supported,
        deprecated=said.lifecycle != "active" or None,
        retires=said.retires_at.date() if said.retires_at else None,
    )


def of_compatible(entry: Mapping[str, Any]) -> Facts:
    """Groq, Mistral, OpenRouter, Together and vLLM say more than a name, each in its own words."""
    said = _read(entry, _Compatible)
    windows = (said.context_window, said.context_length, said.max_context_length)
    top, features = said.top_provider or _TopProvider(), said.capabilities or _Features()
    return _said(
        context_window=next(filter(None, windows), said.max_model_len),
        max_output_tokens=said.max_completion_tokens or top.max_completion_tokens,
        images=features.vision,
        tools=features.function_calling,
        deprecated=bool(said.deprecation) or None,
        retires=said.expiration_date,
    ) | _of_openrouter(said)


def _of_openrouter(said: _Compatible) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if said.architecture:
        found["images"] = "image" in said.architecture.input_modalities
    if (taken := said.supported_parameters) is not None:
        found["tools"] = "tools" in taken
        found["strict_schema"] = "structured_outputs" in taken
        found["reasoning"] = "reasoning" in taken
        # It leaves out by itself what a model does not take.
        found["temperature"] = "yes" if "temperature" in taken else "ignored"
    return found


def _read(entry: Mapping[str, Any], shape: type[T]) -> T:
    """Field by field, because servers use the same names for different things."""
    said: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):  # type: ignore[arg-type]  # a struct, all of them
        with suppress(KeyError, msgspec.ValidationError):
            said[field.name] = msgspec.convert(entry[field.name], field.type)
    return shape(**said)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _said(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
