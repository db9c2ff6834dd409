"""The providers that the configuration makes available."""

from __future__ import annotations

from app.config import Config
from app.providers.base import Provider
from app.providers.compatible import Compatible
from app.providers.demo import Demo
from app.servers import CompatibleServer


def build(config: Config) -> dict[str, Provider]:
    """Providers by name, in the order in which the default is chosen; `demo` is always the last.

    The vendors' SDKs are imported here and not above: each takes longer to import than all the
    rest together, and whoever does not use one should not wait for it.
    """
    providers: list[Provider] = []
    if config.openai_api_key or config.openai_base_url:
        from app.providers.openai import OpenAI

        providers.append(OpenAI(config))
    if config.anthropic_api_key or config.anthropic_base_url:
        from app.providers.anthropic import Anthropic

        providers.append(Anthropic(config))
    if config.ollama_base_url:
        server = CompatibleServer("ollama", _with_v1(config.ollama_base_url))
        providers.append(Compatible(server, config))
    providers += [Compatible(server, config) for server in config.compatible]
    providers.append(Demo(config.demo_tokens_per_second, config.model_profiles))
    return {provider.name: provider for provider in providers}


def _with_v1(base_url: str) -> str:
    """Ollama is known by its address alone; its OpenAI format lives under /v1."""
    base_url = base_url.rstrip("/")
    return base_url if base_url.endswith("/v1") else f"{base_url}/v1"
