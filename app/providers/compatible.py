"""Every server that speaks OpenAI's chat completions, over requests: Ollama, vLLM, Groq…"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import msgspec
import requests
from requests.adapters import HTTPAdapter

from app.errors import ModelNotFound, ProtocolBroken
from app.events import ModelEvent
from app.providers import chat_completions
from app.providers.base import ModelRequest
from app.providers.chat_completions import ChatCompletions
from app.providers.faults import Origin, from_status, translated
from app.providers.wire import events

_READ = 65_536


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model] | None = None


_models = msgspec.json.Decoder(_Models)


class Compatible:
    """One server. `timeouts` are seconds to connect, and between two reads."""

    def __init__(
        self,
        name: str,
        base_url: str,
        api_key: str | None,
        *,
        timeouts: tuple[float, float],
        context_window: int = 32_768,
    ) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._timeouts = timeouts
        self._context_window = context_window
        self._session = _session(api_key)

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        origin = Origin(self.name, request.model)
        body = chat_completions.body(request, limit_field="max_tokens")
        with self._send("POST", "/chat/completions", origin, json=body) as response:
            yield from events(_chunks(response), ChatCompletions(origin), origin)

    def models(self) -> Sequence[str]:
        origin = Origin(self.name)
        with self._send("GET", "/models", origin) as response, translated(origin):
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
        self._session.close()

    def _send(self, method: str, path: str, origin: Origin, **kwargs: Any) -> requests.Response:
        with translated(origin):
            response = self._session.request(
                method, self._base_url + path, stream=True, timeout=self._timeouts, **kwargs
            )
            if not response.ok:
                with response:
                    raise from_status(
                        origin, response.status_code, _body(response), response.headers
                    )
        return response


def _session(api_key: str | None) -> requests.Session:
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=256, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    # One caller's cookies must not reach upstream with the next caller's request.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if api_key:
        session.headers["Authorization"] = f"Bearer {api_key}"
    return session


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives: urllib3's stream() would wait for the end of one without chunks."""
    raw = response.raw
    if raw.chunked:
        yield from raw.stream(None, decode_content=True)
        return
    while data := raw.read1(_READ, decode_content=True):
        yield data


def _body(response: requests.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None
