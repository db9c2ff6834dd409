"""The chat over a WebSocket: the handshake, and who may make it.

A browser lets every page open one, and sends our cookie along; so here, and not in the browser, it
is asked which page it is. A key comes in the first message, or in the header where a client can
send one, and never in the address.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import flask
from flask import Response, g, request
from werkzeug.exceptions import BadRequest
from werkzeug.wsgi import ClosingIterator
from wsproto.utilities import generate_accept_token

from app.accounts import Account
from app.blueprints import cookie, guards
from app.blueprints.bodies import Blueprint
from app.blueprints.callers import address
from app.blueprints.context import services
from app.blueprints.dialogue import Dialogue, Who
from app.blueprints.websocket import Socket
from app.config.origins import EVERY
from app.errors import NotAllowed, NotAuthenticated, ShuttingDown, UpgradeRequired
from app.services import Services
from app.services.people import under

_VERSION = "13"
_NO_SOCKET = "This address is for a WebSocket of version 13, and not for a plain GET."
_NOTHING_IN_ADDRESS = (
    "This address takes nothing after a question mark: a key there ends up in logs and histories. "
    'Send {"type": "auth", "key": KEY} as the first message.'
)

blueprint = Blueprint("chat_ws", __name__, url_prefix="/api", description="Chat with memory")
upgrades = flask.Blueprint("upgrades", __name__, url_prefix="/api")


class _Upgraded(Response):
    """A 101, whose body is the whole dialogue: werkzeug would leave it out."""

    default_mimetype = None

    def get_app_iter(self, environ: Any) -> Any:
        return ClosingIterator(self.iter_encoded(), self.close)


@blueprint.get("/chat/ws")
@blueprint.alt_response(101, description="a WebSocket")
def chat_ws_plain() -> Response:
    """Chat over a WebSocket: many runs over one connection.

    The client says `auth`, `chat`, `stop`, `resume` and `ping`, each as one JSON object with its
    `type`; the server the native events, each with its `run_id` and `id`.
    """
    raise UpgradeRequired(_NO_SOCKET)


@upgrades.route("/chat/ws", websocket=True)
@guards.public
def chat_ws() -> Response:
    """Raises NotAllowed, NotAuthenticated, ShuttingDown: there is a status code for that yet."""
    sock = request.environ.get("gunicorn.socket")
    if sock is None or request.headers.get("Sec-WebSocket-Version") != _VERSION:
        raise UpgradeRequired(_NO_SOCKET)
    if request.query_string:
        raise NotAuthenticated(_NOTHING_IN_ADDRESS)
    if services().live.closing:
        raise ShuttingDown("This server is going down for a restart.", retry_after=2)
    accepted = _accepted(request.headers.get("Sec-WebSocket-Key", ""))
    signed = partial(_signed, services(), address(services().config.trusted_proxies))
    who = _known(signed, is_trusted=_is_trusted_page())
    talk = _talk(sock, services(), who, signed, g.request_id)
    response = _Upgraded(talk, status=101)
    response.headers.update(
        {"Upgrade": "websocket", "Connection": "upgrade", "Sec-WebSocket-Accept": accepted}
    )
    return response


def _talk(sock: Any, parley: Services, *said: Any) -> Iterator[bytes]:
    """In the greenlet of the connection, outside of Flask, for as long as it lasts."""
    yield b""  # the head goes out
    socket = Socket(sock, parley.config.max_chat_bytes)
    Dialogue(socket, parley, *said)()


def _accepted(key: str) -> str:
    try:
        right = len(b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise BadRequest("Sec-WebSocket-Key must be 16 bytes in base64.")
    return generate_accept_token(key.encode()).decode()


def _is_trusted_page() -> bool:
    """Whether what the browser sends by itself counts. Raises NotAllowed for other origins."""
    origin = request.headers.get("Origin")
    known = services().config.cors_origins
    if origin is None or origin in known or urlsplit(origin).netloc == request.host:
        return True
    if EVERY in known and origin != "null":
        return False
    raise NotAllowed(
        "Pages of this origin may not use this server. CORS_ORIGINS lists those that may."
    )


def _signed(parley: Services, where: str, key: str, user: str | None) -> Who:
    def who() -> Account:
        account = parley.identity.of(key, where)
        return account if user is None else under(account, user)

    return who


def _known(signed: Callable[[str, str | None], Who], *, is_trusted: bool) -> Who | None:
    """Who it is by what came with the handshake. Raises NotAuthenticated: the header is wrong."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        who = signed(key.strip(), request.headers.get("X-User-ID"))
        who()
        return who
    if not is_trusted:
        return None
    who = _of_session() or signed("", None)  # which is somebody where no key is demanded
    try:
        who()
    except NotAuthenticated:
        return None
    return who


def _of_session() -> Who | None:
    """By the cookie of a page that has signed in."""
    token, parley = cookie.sent(), services()
    if token is None:
        return None
    return partial(parley.sessions.of, token, address(parley.config.trusted_proxies))
