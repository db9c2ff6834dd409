"""OpenAI: its SDK says how to ask, and the answer is decoded from the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any

import httpx2
import openai

from app.config import Config
from app.events import ModelEvent
from app.profiles import Profile
from app.providers import embeddings, listings, moderation
from app.providers.base import Embedded, EmbeddingRequest, ModelRequest
from app.providers.chat_completions import ChatCompletions
from app.providers.chat_completions_body import body
from app.providers.faults import Origin, translated
from app.providers.posting import NO_KEY, limits, stream
from app.providers.profiles import Profiles
from app.providers.transport import trust
from app.providers.transport.client import Client
from app.providers.transport.template import template


class OpenAI:
    """Needs a key, or the base URL of a server that speaks the same format."""

    name = "openai"

    def __init__(self, config: Config) -> None:
        tls = trust.context(config.certificates)
        self._sdk = openai.OpenAI(
            api_key=config.openai_api_key or NO_KEY,
            base_url=config.openai_base_url,
            http_client=openai.DefaultHttpxClient(verify=tls),
            max_retries=0,
            timeout=config.read_timeout,
        )
        self._template = template(self._sdk, "/chat/completions")
        self._client = Client(limits(config), tls)
        self._profiles = Profiles(self.name, 128_000, config.model_profiles)

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        return stream(
            self._client,
            self._template,
            _body(request, self.profile(request.model)),
            ChatCompletions(origin),
            origin,
            request.patience,
            self._profiles,
        )

    def count(self, request: ModelRequest) -> int | None:
        return None

    def models(self) -> Sequence[str]:
        origin = Origin(self.name)
        with translated(origin):
            answer = self._sdk.get("/models", cast_to=httpx2.Response)
            listed = listings.entries(origin, answer.content)
        self._profiles.learn({name: listings.of_openai(e) for name, e in listed.items()})
        return list(listed)

    def moderate(self, text: str) -> Set[str]:
        """The categories of OpenAI's moderation that a text falls into. Raises ProviderError."""
        return moderation.categories(self._sdk, text)

    def embed(self, request: EmbeddingRequest) -> Embedded:
        origin = Origin(self.name, request.model)
        with translated(origin):
            posted = embeddings.body(request)
            answer = self._sdk.post("/embeddings", body=posted, cast_to=httpx2.Response)
            return embeddings.read(answer.content, origin, len(request.texts))

    def default_model(self) -> str:
        return "gpt-5.4-mini"

    def profile(self, model: str) -> Profile:
        return self._profiles.of(model)

    def close(self) -> None:
        self._client.close()
        self._sdk.close()


def _body(request: ModelRequest, profile: Profile) -> dict[str, Any]:
    """Models differ in the efforts that they take, and some take none together with tools."""
    made = body(request, limit_field="max_completion_tokens")
    if request.tools and not profile.reasoning_with_tools:
        return {**made, "reasoning_effort": "none"}
    if request.reasoning_effort == "minimal" and not profile.minimal_effort:
        return {**made, "reasoning_effort": "low"}
    return made
