"""The built-in page, and the renderer that it asks for HTML."""

from typing import Final

import gevent
from flask import Blueprint, Response, make_response, render_template, request
from gevent.lock import BoundedSemaphore
from werkzeug.exceptions import BadRequest

from app.blueprints.context import services
from app.blueprints.guards import public
from app.services.markdown import render

# Nothing inline, nothing foreign; HTML may enter the DOM through one named policy only.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types parley-markdown",
    )
)
LONGEST_TEXT: Final = 1_000_000
LONGEST_INLINE: Final = 2_000
# Each busy thread may hold the interpreter for 5 ms at a time, and every stream waits for it.
_LONG_RENDERS: Final = BoundedSemaphore(2)

blueprint = Blueprint(
    "web",
    __name__,
    template_folder="../web/templates",
    static_folder="../web/static",
    static_url_path="/static",
)


@blueprint.get("/")
@public
def page() -> Response:
    image_bytes = services().config.max_image_bytes
    response = make_response(render_template("index.html", image_bytes=image_bytes))
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@blueprint.post("/render")
def render_markdown() -> dict[str, str]:
    text = _text_of(request.get_json(silent=True))
    if len(text) <= LONGEST_INLINE:
        return {"html": render(text)}
    # Rendering costs 4 to 30 µs a character: done here, a long text holds up every stream.
    with _LONG_RENDERS:
        return {"html": gevent.get_hub().threadpool.apply(render, (text,))}


def _text_of(body: object) -> str:
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise BadRequest("Send a JSON object whose `text` is the Markdown to render.")
    if len(text) > LONGEST_TEXT:
        raise BadRequest(f"The text is longer than {LONGEST_TEXT:,} characters.")
    return text
