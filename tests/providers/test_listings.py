"""What is learned of a model where its provider lists it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.profiles import Facts, checked
from app.providers.listings import of_anthropic, of_compatible, of_openai
from tests.properties import any_texts, examples

Reader = Callable[[Mapping[str, Any]], Facts]

_ANTHROPIC = {
    "type": "model",
    "id": "claude-x",
    "display_name": "Claude X",
    "created_at": "2026-01-01T00:00:00Z",
    "lifecycle": "deprecated",
    "deprecated_at": "2026-09-01T00:00:00Z",
    "retires_at": "2026-12-31T00:00:00Z",
    "max_input_tokens": 200_000,
    "max_tokens": 64_000,
    "capabilities": {
        "image_input": {"supported": False},
        "structured_outputs": {"supported": True},
        "thinking": {"supported": True, "types": {"enabled": {"supported": True}}},
        "effort": {"supported": False},
    },
}
_GROQ = {
    "id": "llama",
    "object": "model",
    "owned_by": "Meta",
    "active": True,
    "context_window": 131_072,
    "max_completion_tokens": 32_768,
}
_MISTRAL = {
    "id": "mistral-x",
    "max_context_length": 128_000,
    "capabilities": {"completion_chat": True, "function_calling": False, "vision": True},
    "deprecation": "2026-11-30T12:00:00Z",
}
_OPENROUTER = {
    "id": "vendor/x",
    "context_length": 65_536,
    "architecture": {"input_modalities": ["text", "file"], "modality": "text->text"},
    "top_provider": {"max_completion_tokens": 8_192, "is_moderated": False},
    "supported_parameters": ["tools", "max_tokens", "reasoning"],
    "expiration_date": "2026-12-24",
}


@pytest.mark.parametrize(
    ("reader", "entry", "learned"),
    [
        (of_openai, {"id": "x", "created": 1, "owned_by": "o", "shutdown_date": None}, {}),
        (of_openai, {"id": "x", "shutdown_date": "2027-01-14"}, {"retires": date(2027, 1, 14)}),
        (
            of_openai,
            {"id": "x", "shutdown_date": "2027-01-14T00:00:00Z"},
            {"retires": date(2027, 1, 14)},
        ),
        (
            of_anthropic,
            _ANTHROPIC,
            {
                "context_window": 200_000,
                "max_output_tokens": 64_000,
                "images": False,
                "strict_schema": True,
                "reasoning": True,
                "deprecated": True,
                "retires": date(2026, 12, 31),
            },
        ),
        (of_anthropic, {"id": "x", "type": "model"}, {}),
        (of_compatible, {"id": "x", "object": "model"}, {}),
        (of_compatible, _GROQ, {"context_window": 131_072, "max_output_tokens": 32_768}),
        (
            of_compatible,
            _MISTRAL,
            {"context_window": 128_000, "images": True, "tools": False, "deprecated": True},
        ),
        (
            of_compatible,
            _OPENROUTER,
            {
                "context_window": 65_536,
                "max_output_tokens": 8_192,
                "images": False,
                "tools": True,
                "strict_schema": False,
                "reasoning": True,
                "temperature": "ignored",
                "retires": date(2026, 12, 24),
            },
        ),
        (of_compatible, {"id": "x", "max_model_len": 4_096}, {"context_window": 4_096}),
        # The same name for something else costs nothing but itself.
        (
            of_compatible,
            {"context_length": 4_096, "capabilities": ["chat"], "context_window": -1},
            {"context_window": 4_096},
        ),
    ],
)
def test_what_is_said_is_learned(
    reader: Reader, entry: dict[str, Any], learned: dict[str, Any]
) -> None:
    """Every server's own words become the fields of a profile; what it leaves out is left open."""
    assert reader(entry) == learned


_SHAPES = [_ANTHROPIC, _GROQ, _MISTRAL, _OPENROUTER, {"shutdown_date": "", "max_model_len": 1}]
_NAMES = sorted({name for shape in _SHAPES for name in shape})
_INSIDE = ["image_input", "supported", "vision", "input_modalities", "max_completion_tokens"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_texts,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(_INSIDE), inner),
    max_leaves=5,
)


@examples(100)
@given(
    st.sampled_from([of_openai, of_anthropic, of_compatible]),
    st.dictionaries(st.sampled_from(_NAMES), _VALUES),
)
def test_whatever_is_said_is_borne(reader: Reader, entry: dict[str, Any]) -> None:
    """An entry of any shape gives facts that fit into a profile, and never an error."""
    facts = reader(entry)
    assert checked({"a/b": facts}) == {"a/b": facts}
