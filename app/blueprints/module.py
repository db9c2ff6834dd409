"""The module for browsers, at an address that stays and at one that is its own for ever."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256, sha384
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request

from app.blueprints.guards import public

_SOURCE: Final = (Path(__file__).parents[1] / "web" / "parley.js").read_bytes()
_VERSION: Final = sha256(_SOURCE).hexdigest()[:16]
_INTEGRITY: Final = f"sha384-{b64encode(sha384(_SOURCE).digest()).decode()}"

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "public, no-cache"

blueprint = Blueprint("module", __name__)


@blueprint.get("/parley.js")
@public
def source() -> Response:
    """With `?v=` its version it never changes; without, or with another one, it may."""
    response = Response(_SOURCE, content_type="text/javascript; charset=utf-8")
    own = request.args.get("v") == _VERSION
    response.headers["Cache-Control"] = _FOR_EVER if own else _ASK_AGAIN
    response.set_etag(_VERSION)
    response.make_conditional(request)
    return response


@blueprint.get("/parley.json")
@public
def about() -> dict[str, str]:
    """What a page of another site needs, to load it and to know that it is this one."""
    return {
        "url": f"/parley.js?v={_VERSION}",
        "version": _VERSION,
        "integrity": _INTEGRITY,
    }
