"""OpenAI, asked through its SDK and decoded from the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx2
import openai

from app.config import Config
from app.events import ModelEvent
from app.providers import chat_completions, profiles
from app.providers.base import ModelRequest
from app.providers.chat_completions import ChatCompletions
from app.providers.faults import Origin, Sdk, translated
from app.providers.http import NO_KEY, client, timeout
from app.providers.wire import events

_SDK = Sdk(openai.APIStatusError, openai.OpenAIError)


class OpenAI:
    """Needs a key, or the base URL of a server that speaks the same format."""

    name = "openai"

    def __init__(self, config: Config) -> None:
        self._client = openai.OpenAI(
            api_key=config.openai_api_key or NO_KEY,
            base_url=config.openai_base_url,
            max_retries=0,
            timeout=timeout(config),
            http_client=client(),
        )

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        with translated(origin, _SDK):
            response = self._client.post(
                "/chat/completions",
                body=chat_completions.body(request, limit_field="max_completion_tokens"),
                cast_to=httpx2.Response,
                stream=True,
                stream_cls=openai.Stream[object],
            )
        assert isinstance(response, httpx2.Response)
        try:
            yield from events(response.iter_bytes(), ChatCompletions(origin), origin)
        finally:
            response.close()

    def models(self) -> Sequence[str]:
        with translated(Origin(self.name), _SDK):
            return [model.id for model in self._client.models.list()]

    def default_model(self) -> str:
        return "gpt-5-mini"

    def context_window(self, model: str) -> int:
        return profiles.context_window(self.name, model, default=128_000)

    def close(self) -> None:
        self._client.close()
