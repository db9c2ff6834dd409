"""Which pages of other sites may read what they ask for (CORS).

It lets nobody in: the browser asks here whether a page may see an answer, and the answer is still
for the key or the session to earn. Errors, 404s and streams carry the same headers as the rest.
"""

from __future__ import annotations

import re

from flask import Flask, Response, request

from app.blueprints.context import EXTENSION
from app.config.origins import EVERY
from app.errors import NotAllowed

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS = [
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Language",
    "Content-Type",
    "Cache-Control",
    "If-None-Match",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-CSRF-Token",
    "X-Request-ID",
    "X-Requested-With",
    "X-User-ID",
    "X-User-Signature",
    "baggage",
    "traceparent",
    "tracestate",
    # What the vendors' own clients and the AI SDK send besides.
    "OpenAI-Beta",
    "OpenAI-Organization",
    "OpenAI-Project",
    "User-Agent",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "anthropic-version",
    "x-api-key",
]
# …and what they tell of the machine that they run on, under names that come and go.
_TOLD = re.compile("x-stainless-[a-z-]{1,40}")
_EXPOSED = ", ".join(
    [
        "Allow",
        "Content-Disposition",
        "ETag",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "WWW-Authenticate",
        "X-Prompt",
        "X-Request-ID",
        "X-Run-ID",
        "request-id",
        "traceparent",
        "x-vercel-ai-ui-message-stream",
    ]
)
# Seconds that a preflight's answer holds; no browser keeps it for longer.
_KEPT = "7200"


def install(app: Flask) -> None:
    """To be installed before the guards: a preflight carries no key."""
    if origins := app.extensions[EXTENSION].config.cors_origins:
        door = _Door(origins)
        app.before_request(door.preflight)
        app.after_request(door.mark)


class _Door:
    """For exact origins, or for every one; then without credentials, which are cookies."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._every = origins == (EVERY,)
        self._origins = frozenset(origins)

    def preflight(self) -> Response | None:
        """Answer a browser that asks before it asks. Raises NotAllowed."""
        asked = request.headers
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in asked:
            return None
        if not self._admits(asked.get("Origin", "")):
            raise NotAllowed(
                "Pages of this origin may not use this server. CORS_ORIGINS lists those that may."
            )
        # A page of the public web that would reach into a private network.
        if "Access-Control-Request-Private-Network" in asked:
            raise NotAllowed("A page of the public web gets nothing out of a private network.")
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = ", ".join([*_HEADERS, *_told()])
        response.headers["Access-Control-Max-Age"] = _KEPT
        return response

    def mark(self, response: Response) -> Response:
        """Say who may read it; and that this differs by origin, for whoever keeps a copy."""
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        if self._admits(origin):
            response.headers["Access-Control-Allow-Origin"] = EVERY if self._every else origin
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
            if not self._every:
                response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    def _admits(self, origin: str) -> bool:
        # `null` is the origin of every sandboxed frame and local file: it is nobody's.
        return origin in self._origins or (self._every and origin not in ("", "null"))


def _told() -> list[str]:
    asked = request.headers.get("Access-Control-Request-Headers", "").lower().split(",")
    return sorted({name.strip() for name in asked if _TOLD.fullmatch(name.strip())})
