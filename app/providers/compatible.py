"""Every server that speaks OpenAI's chat completions, Ollama, vLLM, Groq and so on"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http.cookiejar import DefaultCookiePolicy

import requests

from app.config import Config
from app.errors import ModelNotFound
from app.events import ModelEvent
from app.profiles import Profile
from app.providers import embeddings, listings
from app.providers.base import Embedded, EmbeddingRequest, ModelRequest
from app.providers.chat_completions import ChatCompletions
from app.providers.chat_completions_body import body
from app.providers.faults import Origin, from_status, translated
from app.providers.posting import decoded, limits, stream
from app.providers.profiles import Profiles
from app.providers.transport import trust
from app.providers.transport.client import Client
from app.providers.transport.template import Template, template_of
from app.servers import CompatibleServer


class Compatible:
    """One server. requests says how to ask it; its stream goes the same way as every other's."""

    def __init__(self, server: CompatibleServer, config: Config) -> None:
        self.name = server.name
        self._server = server
        self._base_url = server.base_url.rstrip("/")
        self._timeouts = (config.connect_timeout, config.first_byte_timeout)
        self._session = _session(server.api_key, config.certificates)
        self._template = _template(self._session, f"{self._base_url}/chat/completions")
        self._client = Client(limits(config), trust.context(config.certificates))
        self._profiles = Profiles(self.name, 32_768, config.model_profiles)

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        return stream(
            self._client,
            self._template,
            body(
                request,
                limit_field=self._server.limit_field,
                stream_options=self._server.stream_options,
            ),
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
            answer = self._session.get(f"{self._base_url}/models", timeout=self._timeouts)
            if answer.status_code != 200:
                raise from_status(
                    origin, answer.status_code, decoded(answer.content), answer.headers
                )
            listed = listings.entries(origin, answer.content)
        self._profiles.learn({name: listings.of_compatible(e) for name, e in listed.items()})
        return list(listed)

    def embed(self, request: EmbeddingRequest) -> Embedded:
        origin = Origin(self.name, request.model)
        with translated(origin):
            answer = self._session.post(
                f"{self._base_url}/embeddings",
                json=embeddings.body(request),
                timeout=self._timeouts,
            )
            if answer.status_code != 200:
                raise from_status(
                    origin, answer.status_code, decoded(answer.content), answer.headers
                )
            return embeddings.read(answer.content, origin, len(request.texts))

    def default_model(self) -> str:
        """The first that the server lists: what is installed there is its owner's choice."""
        listed = self.models()
        if not listed:
            raise ModelNotFound(f"{self.name} has no model installed.", provider=self.name)
        return listed[0]

    def profile(self, model: str) -> Profile:
        return self._profiles.of(model)

    def close(self) -> None:
        self._client.close()
        self._session.close()


def _session(api_key: str | None, certificates: str | None) -> requests.Session:
    session = requests.Session()
    session.verify = certificates or True
    # One caller's cookies must not reach upstream with the next caller's request.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if api_key:
        session.headers["Authorization"] = f"Bearer {api_key}"
    return session


def _template(session: requests.Session, url: str) -> Template:
    prepared = session.prepare_request(requests.Request("POST", url, json={}))
    return template_of(str(prepared.url), prepared.headers.items())
