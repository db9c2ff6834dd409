"""Every server that speaks OpenAI's chat completions, Ollama, vLLM, Groq and so on"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http.cookiejar import DefaultCookiePolicy

import msgspec
import requests

from app.config import CompatibleServer, Config
from app.errors import ModelNotFound, ProtocolBroken
from app.events import ModelEvent
from app.providers import chat_completions
from app.providers.base import ModelRequest
from app.providers.chat_completions import ChatCompletions
from app.providers.faults import Origin, from_status, translated
from app.providers.posting import limits, stream
from app.providers.transport.client import Client
from app.providers.transport.template import Template, template_of


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model] | None = None


_models = msgspec.json.Decoder(_Models)


class Compatible:
    """One server. requests says how to ask it; its stream goes the same way as every other's."""

    def __init__(
        self, server: CompatibleServer, config: Config, context_window: int = 32_768
    ) -> None:
        self.name = server.name
        self._base_url = server.base_url.rstrip("/")
        self._timeouts = (config.connect_timeout, config.first_byte_timeout)
        self._context_window = context_window
        self._session = _session(server.api_key)
        self._template = _template(self._session, f"{self._base_url}/chat/completions")
        self._client = Client(limits(config))

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        body = chat_completions.body(request, limit_field="max_tokens")
        return stream(self._client, self._template, body, ChatCompletions(origin), origin)

    def models(self) -> Sequence[str]:
        origin = Origin(self.name)
        with translated(origin):
            response = self._session.get(f"{self._base_url}/models", timeout=self._timeouts)
        if not response.ok:
            raise from_status(origin, response.status_code, None, response.headers)
        try:
            return [model.id for model in _models.decode(response.content).data or []]
        except msgspec.DecodeError as error:
            raise ProtocolBroken(
                f"{self.name} answered with something that is not a list of models.",
                provider=self.name,
            ) from error

    def default_model(self) -> str:
        """The first that the server lists: what is installed there is its owner's choice."""
        listed = self.models()
        if not listed:
            raise ModelNotFound(f"{self.name} has no model installed.", provider=self.name)
        return listed[0]

    def context_window(self, model: str) -> int:
        return self._context_window

    def close(self) -> None:
        self._client.close()
        self._session.close()


def _session(api_key: str | None) -> requests.Session:
    session = requests.Session()
    # One caller's cookies must not reach upstream with the next caller's request.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if api_key:
        session.headers["Authorization"] = f"Bearer {api_key}"
    return session


def _template(session: requests.Session, url: str) -> Template:
    prepared = session.prepare_request(requests.Request("POST", url, json={}))
    return template_of(str(prepared.url), prepared.headers.items())
