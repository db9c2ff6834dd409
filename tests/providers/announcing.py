"""A model server that says more of its models: in its list, and in the headers of its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from gevent.pywsgi import WSGIServer

_CHAT = [
    {"choices": [{"delta": {"content": "Hi"}, "finish_reason": None}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
]
_MESSAGES: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 1, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
]


@dataclass
class Announcing:
    """Start it with `with`. `listed` is the JSON of its list; `bodies` are the chats that came."""

    listed: Any = field(default_factory=lambda: {"data": []})
    headers: dict[str, str] = field(default_factory=dict)
    status: str = "200 OK"
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].endswith("/models"):
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self.listed).encode()]
        self.bodies.append(json.load(environ["wsgi.input"]))
        start(self.status, [("Content-Type", "text/event-stream"), *self.headers.items()])
        if environ["PATH_INFO"].endswith("/messages"):
            return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in _MESSAGES]
        return [*(f"data: {json.dumps(c)}\n\n".encode() for c in _CHAT), b"data: [DONE]\n\n"]
