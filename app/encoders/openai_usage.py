"""Tokens as OpenAI's two APIs count them, with what they cost."""

from __future__ import annotations

from typing import Any

from app.events import Done


def of_chat(end: Done) -> dict[str, Any]:
    """`cost_usd` is ours: None where nobody knows it."""
    usage = end.usage
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "cost_usd": _number(end),
    }


def of_responses(end: Done) -> dict[str, Any]:
    usage = end.usage
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "cost_usd": _number(end),
    }


def _number(end: Done) -> float | None:
    return None if end.cost_usd is None else float(end.cost_usd)
