"""What is left of a caller's limits, in the header fields of the IETF's draft on rate limits.

RateLimit-Policy: "requests";q=60;w=60, "tokens";q=20000;w=60
RateLimit: "requests";r=59;t=23, "tokens";r=18400;t=23
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response

from app.blueprints.context import asked, asked_view, kept, services

View = TypeVar("View", bound=Callable[..., Any])

_WINDOW = 60  # seconds


def metered(view: View) -> View:
    """Mark a view whose answers, and whose 429, say what is left."""
    view.metered = True  # type: ignore[attr-defined]
    return view


def install(app: Flask) -> None:
    app.after_request(_say)


def _say(response: Response) -> Response:
    caller = kept().get("caller")
    if caller is not None and getattr(asked_view(asked()), "metered", False):
        quotas = services().gate.quotas(caller)
        if quotas:
            policy = (f'"{q.kind}";q={q.limit};w={_WINDOW}' for q in quotas)
            left = (f'"{q.kind}";r={q.left};t={math.ceil(q.seconds)}' for q in quotas)
            response.headers["RateLimit-Policy"] = ", ".join(policy)
            response.headers["RateLimit"] = ", ".join(left)
    return response
