"""Anthropic: its SDK says how to ask, and the answer is decoded from the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import anthropic

from app.config import Config
from app.events import ModelEvent
from app.providers import profiles
from app.providers.base import ModelRequest
from app.providers.faults import Origin, Sdk, translated
from app.providers.messages_api import MessagesApi
from app.providers.posting import NO_KEY, limits, stream
from app.providers.transport.client import Client
from app.providers.transport.template import template

# The API requires max_tokens; this is the default where the caller names no limit.
_MAX_TOKENS = 8192

_SDK = Sdk(anthropic.APIStatusError, anthropic.AnthropicError)


class Anthropic:
    """Needs a key, or the base URL of a server that speaks the same format."""

    name = "anthropic"

    def __init__(self, config: Config) -> None:
        # This SDK adds /v1 itself; a base URL written in OpenAI's manner must work too.
        base_url = config.anthropic_base_url
        self._sdk = anthropic.Anthropic(
            api_key=config.anthropic_api_key or NO_KEY,
            base_url=base_url.rstrip("/").removesuffix("/v1") if base_url else None,
            max_retries=0,
            timeout=config.read_timeout,
        )
        self._template = template(self._sdk, "/v1/messages")
        self._client = Client(limits(config))

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        return stream(self._client, self._template, _body(request), MessagesApi(origin), origin)

    def models(self) -> Sequence[str]:
        with translated(Origin(self.name), _SDK):
            return [model.id for model in self._sdk.models.list(limit=1000)]

    def default_model(self) -> str:
        return "claude-haiku-5-5"

    def context_window(self, model: str) -> int:
        return profiles.context_window(self.name, model, default=200_000)

    def close(self) -> None:
        self._client.close()
        self._sdk.close()


def _body(request: ModelRequest) -> dict[str, Any]:
    """`temperature` is left out: the API does not take it any more (SDK 2.11)."""
    said = [{"role": m.role, "content": m.text} for m in request.messages]
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_output_tokens or _MAX_TOKENS,
        "messages": said,
        "stream": True,
    }
    return {**body, "system": request.system} if request.system else body
