"""Anthropic's messages, asked through its SDK and decoded from the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import anthropic
import httpx2

from app.config import Config
from app.events import ModelEvent
from app.providers import profiles
from app.providers.base import ModelRequest
from app.providers.faults import Origin, Sdk, translated
from app.providers.http import NO_KEY, client, timeout
from app.providers.messages_api import MessagesApi
from app.providers.wire import events

# The API requires max_tokens; this is the default where the caller names no limit.
_MAX_TOKENS = 8192

_SDK = Sdk(anthropic.APIStatusError, anthropic.AnthropicError)


class Anthropic:
    """Needs a key, or the base URL of a server that speaks the same format."""

    name = "anthropic"

    def __init__(self, config: Config) -> None:
        # This SDK adds /v1 itself; a base URL written in OpenAI's manner must work too.
        base_url = config.anthropic_base_url
        self._client = anthropic.Anthropic(
            api_key=config.anthropic_api_key or NO_KEY,
            base_url=base_url.rstrip("/").removesuffix("/v1") if base_url else None,
            max_retries=0,
            timeout=timeout(config),
            http_client=client(),
        )

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        with translated(origin, _SDK):
            response = self._client.post(
                "/v1/messages",
                body=_body(request),
                cast_to=httpx2.Response,
                stream=True,
                stream_cls=anthropic.Stream[object],
            )
        assert isinstance(response, httpx2.Response)
        try:
            yield from events(response.iter_bytes(), MessagesApi(origin), origin)
        finally:
            response.close()

    def models(self) -> Sequence[str]:
        with translated(Origin(self.name), _SDK):
            return [model.id for model in self._client.models.list(limit=1000)]

    def default_model(self) -> str:
        return "claude-haiku-5-5"

    def context_window(self, model: str) -> int:
        return profiles.context_window(self.name, model, default=200_000)

    def close(self) -> None:
        self._client.close()


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
