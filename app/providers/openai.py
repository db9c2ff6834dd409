"""OpenAI: its SDK says how to ask, and the answer is decoded from the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import openai

from app.config import Config
from app.events import ModelEvent
from app.providers import chat_completions, profiles
from app.providers.base import ModelRequest
from app.providers.chat_completions import ChatCompletions
from app.providers.faults import Origin, Sdk, translated
from app.providers.posting import NO_KEY, limits, stream
from app.providers.transport.client import Client
from app.providers.transport.template import template

_SDK = Sdk(openai.APIStatusError, openai.OpenAIError)


class OpenAI:
    """Needs a key, or the base URL of a server that speaks the same format."""

    name = "openai"

    def __init__(self, config: Config) -> None:
        self._sdk = openai.OpenAI(
            api_key=config.openai_api_key or NO_KEY,
            base_url=config.openai_base_url,
            max_retries=0,
            timeout=config.read_timeout,
        )
        self._template = template(self._sdk, "/chat/completions")
        self._client = Client(limits(config))

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        body = chat_completions.body(request, limit_field="max_completion_tokens")
        return stream(self._client, self._template, body, ChatCompletions(origin), origin)

    def models(self) -> Sequence[str]:
        with translated(Origin(self.name), _SDK):
            return [model.id for model in self._sdk.models.list()]

    def default_model(self) -> str:
        return "gpt-5-mini"

    def context_window(self, model: str) -> int:
        return profiles.context_window(self.name, model, default=128_000)

    def close(self) -> None:
        self._client.close()
        self._sdk.close()
