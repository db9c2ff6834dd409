"""The providers that the configuration makes available."""

from __future__ import annotations

import anthropic
import httpx2
import openai

from app.config import CompatibleServer, Config
from app.providers.anthropic import Anthropic
from app.providers.base import Provider
from app.providers.compatible import Compatible
from app.providers.demo import Demo
from app.providers.openai import OpenAI

# SDKs insist on a key; a server of one's own behind a base URL often has none.
_NO_KEY = "none"


def build(config: Config) -> dict[str, Provider]:
    """Providers by name, in the order in which the default is chosen; `demo` is always the last."""
    providers: list[Provider] = []
    if config.openai_api_key or config.openai_base_url:
        providers.append(OpenAI(_openai_client(config)))
    if config.anthropic_api_key or config.anthropic_base_url:
        providers.append(Anthropic(_anthropic_client(config)))
    if config.ollama_base_url:
        server = CompatibleServer("ollama", _with_v1(config.ollama_base_url))
        providers.append(_compatible(server, config))
    providers += [_compatible(server, config) for server in config.compatible]
    providers.append(Demo(config.demo_tokens_per_second))
    return {provider.name: provider for provider in providers}


def _openai_client(config: Config) -> openai.OpenAI:
    return openai.OpenAI(
        api_key=config.openai_api_key or _NO_KEY,
        base_url=config.openai_base_url,
        max_retries=0,
        timeout=_timeout(config),
        http_client=_http_client(),
    )


def _anthropic_client(config: Config) -> anthropic.Anthropic:
    # This SDK adds /v1 itself; a base URL written in OpenAI's manner must work too.
    base_url = config.anthropic_base_url
    return anthropic.Anthropic(
        api_key=config.anthropic_api_key or _NO_KEY,
        base_url=base_url.rstrip("/").removesuffix("/v1") if base_url else None,
        max_retries=0,
        timeout=_timeout(config),
        http_client=_http_client(),
    )


def _timeout(config: Config) -> httpx2.Timeout:
    return httpx2.Timeout(config.read_timeout, connect=config.connect_timeout)


def _http_client() -> httpx2.Client:
    # Streams are bounded by the house's own limit, so the pool must never be the one that waits.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=256)
    return httpx2.Client(limits=limits, follow_redirects=False)


def _compatible(server: CompatibleServer, config: Config) -> Compatible:
    return Compatible(
        server.name,
        server.base_url,
        server.api_key,
        timeouts=(config.connect_timeout, config.read_timeout),
    )


def _with_v1(base_url: str) -> str:
    """Ollama is known by its address alone; its OpenAI format lives under /v1."""
    base_url = base_url.rstrip("/")
    return base_url if base_url.endswith("/v1") else f"{base_url}/v1"
