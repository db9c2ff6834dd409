"""Servers that speak OpenAI's chat completions, and those that are known by their name alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_TAKEN = {"openai", "anthropic", "ollama", "demo"}
_VARIABLE = re.compile(r"COMPATIBLE_([A-Z0-9_]+)_(?:BASE_URL|API_KEY)(?:_FILE)?")


@dataclass(frozen=True)
class CompatibleServer:
    """A server at `base_url`, to which /chat/completions is added.

    `limit_field` is what it calls the limit of the output. With `stream_options` it is asked to
    say what an answer used; one that refuses to be asked says it unasked.
    """

    name: str
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    limit_field: str = "max_tokens"
    stream_options: bool = True


KNOWN = {
    server.name: server
    for server in (
        CompatibleServer(
            "cerebras", "https://api.cerebras.ai/v1", limit_field="max_completion_tokens"
        ),
        CompatibleServer("deepseek", "https://api.deepseek.com/v1"),
        CompatibleServer(
            "fireworks", "https://api.fireworks.ai/inference/v1", stream_options=False
        ),
        CompatibleServer("gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
        CompatibleServer("groq", "https://api.groq.com/openai/v1"),
        CompatibleServer("mistral", "https://api.mistral.ai/v1", stream_options=False),
        CompatibleServer("openrouter", "https://openrouter.ai/api/v1"),
        CompatibleServer("together", "https://api.together.xyz/v1"),
        CompatibleServer("xai", "https://api.x.ai/v1"),
    )
}


def names(environment: Mapping[str, str]) -> list[str]:
    """The names, in capitals, of the servers that have an address or a key there."""
    said = (name for name, value in environment.items() if value.strip())
    return sorted({found[1] for found in map(_VARIABLE.fullmatch, said) if found})


def clashes(servers: Iterable[CompatibleServer]) -> list[str]:
    """A sentence for each that is called as a provider is that is always there."""
    return [
        f"COMPATIBLE_{server.name.upper()}_BASE_URL: this name is a provider of its own already; "
        "choose another."
        for server in servers
        if server.name in _TAKEN
    ]
