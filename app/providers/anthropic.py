"""Anthropic: its SDK says how to ask, and the answer is decoded from the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import anthropic
import httpx2
from anthropic.resources.messages.messages import DEPRECATED_MODELS

from app.config import Config
from app.events import ModelEvent
from app.profiles import Profile
from app.providers import listings
from app.providers.base import ModelRequest
from app.providers.faults import Origin, translated
from app.providers.messages_api import MessagesApi, counted_tokens
from app.providers.messages_api_body import body, counted
from app.providers.posting import NO_KEY, limits, stream
from app.providers.profiles import Profiles
from app.providers.transport import trust
from app.providers.transport.client import Client
from app.providers.transport.template import template

# Seconds that a count may take between two bytes: whoever asks has a bound instead.
_COUNTING = 2.0


class Anthropic:
    """Needs a key, or the base URL of a server that speaks the same format."""

    name = "anthropic"

    def __init__(self, config: Config) -> None:
        # This SDK adds /v1 itself; a base URL written in OpenAI's manner must work too.
        base_url = config.anthropic_base_url
        tls = trust.context(config.certificates)
        self._sdk = anthropic.Anthropic(
            api_key=config.anthropic_api_key or NO_KEY,
            base_url=base_url.rstrip("/").removesuffix("/v1") if base_url else None,
            http_client=anthropic.DefaultHttpxClient(verify=tls),
            max_retries=0,
            timeout=config.read_timeout,
        )
        self._template = template(self._sdk, "/v1/messages")
        self._client = Client(limits(config), tls)
        self._profiles = Profiles(self.name, 200_000, config.model_profiles, _retirements())

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        return stream(
            self._client,
            self._template,
            body(request),
            MessagesApi(origin),
            origin,
            request.patience,
            self._profiles,
        )

    def count(self, request: ModelRequest) -> int | None:
        origin = Origin(self.name, request.model)
        with translated(origin):
            answer = self._sdk.post(
                "/v1/messages/count_tokens",
                body=counted(request),
                cast_to=httpx2.Response,
                options={"timeout": _COUNTING},
            )
            return counted_tokens(answer.content, origin)

    def models(self) -> Sequence[str]:
        origin = Origin(self.name)
        with translated(origin):
            answer = self._sdk.get("/v1/models?limit=1000", cast_to=httpx2.Response)
            listed = listings.entries(origin, answer.content)
        self._profiles.learn({name: listings.of_anthropic(e) for name, e in listed.items()})
        return list(listed)

    def default_model(self) -> str:
        return "claude-haiku-5-5"

    def profile(self, model: str) -> Profile:
        return self._profiles.of(model)

    def close(self) -> None:
        self._client.close()
        self._sdk.close()


def _retirements() -> dict[str, date]:
    """The SDK has them written as `June 5th, 2026`."""
    days = {model: re.sub(r"(?<=\d)[a-z]+", "", day) for model, day in DEPRECATED_MODELS.items()}
    return {
        model: datetime.strptime(day, "%B %d, %Y").replace(tzinfo=UTC).date()
        for model, day in days.items()
    }
