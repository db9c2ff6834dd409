"""What is said over one WebSocket: who it is, message after message, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.accounts import Account
from app.blueprints.errands import Errands
from app.blueprints.websocket import Ended, Left, Socket
from app.encoders.messages import notice
from app.errors import NotAllowed, NotAuthenticated, ParleyError, TooMany
from app.schemas import ws
from app.services import Services

# Whose key it is, asked anew each time. Raises what `Identity.of` does.
Who = Callable[[], Account]

_AUTH = 10.0  # seconds for a client to say who it is
_UNKNOWN_SIZE = 16_384  # characters of a message of somebody who has not
_LOOK = 4.0  # seconds after which a key that says nothing is looked at again
_REFUSED, _RESTART = 1008, 1012
_SCOPES = {"chat": ("chat",)}
_WHOEVER_HAS_RUNS = ("chat", "extract", "agent")


class Dialogue:
    """`who` is known already, or is to come in a message, of which `signed` makes it."""

    def __init__(
        self,
        socket: Socket,
        services: Services,
        who: Who | None,
        signed: Callable[[str, str | None], Who],
        request_id: str,
    ) -> None:
        self._socket = socket
        self._services = services
        self._who = who
        self._signed = signed
        self._request_id = request_id
        self._errands = Errands(socket, services, request_id, self._ended)
        self._slow: Ended | None = None
        self._draining = False
        self._limit = time.monotonic() + _AUTH

    def __call__(self) -> None:
        """Talk until one of the two has had enough. Whatever it was, the runs are left."""
        sockets = self._services.sockets
        sockets.add(self)
        self._draining = self._services.live.closing
        try:
            self._talk()
        except Ended as end:
            self._errands.leave()
            self._socket.close(end.code, end.sentence)
        except (Left, OSError):
            pass  # it has gone, and hears nothing
        finally:
            sockets.discard(self)
            self._errands.leave()
            self._socket.abandon()

    def drain(self) -> None:
        """Go as soon as what is followed has ended."""
        self._draining = True
        self._socket.wake()

    def _ended(self, slow: Ended | None) -> None:
        self._slow = self._slow or slow
        if self._slow or self._draining:
            self._socket.wake()

    def _talk(self) -> None:
        if self._who is None:
            self._socket.most = _UNKNOWN_SIZE
        else:
            self._welcome(self._who, None)
        while True:
            text = self._socket.receive(_LOOK)
            self._look()
            if text is not None:
                self._take(text)

    def _look(self) -> None:
        """Raises Ended: there is a reason to."""
        if self._slow is not None:
            raise self._slow
        if self._draining and not self._errands.under_way:
            raise Ended(_RESTART, "This server is going down for a restart. Connect again.")
        if self._who is None:
            if time.monotonic() > self._limit:
                raise Ended(_REFUSED, 'Send {"type": "auth", "key": KEY} within 10 seconds.')
            return
        try:
            self._who()
        except NotAuthenticated as error:
            self._refuse(error, None)
            raise Ended(_REFUSED, "This key is not valid any more.") from error

    def _take(self, text: str) -> None:
        reply_to = None
        try:
            sent = ws.decoded(text)
            reply_to = ws.reply_to(sent)
            said = ws.message(sent, self._services.config.max_body_bytes)
            self._carry_out(said.pop("type"), said, reply_to)
        except ParleyError as error:
            self._refuse(error, reply_to)

    def _carry_out(self, kind: str, said: dict[str, Any], reply_to: str | None) -> None:
        said.pop("id", None)
        if kind == "ping":
            self._socket.send([notice("pong", reply_to=reply_to)])
        elif kind == "auth":
            self._sign_in(said, reply_to)
        else:
            self._errands.begin(kind, self._account(kind), said, reply_to)

    def _sign_in(self, said: dict[str, Any], reply_to: str | None) -> None:
        try:
            self._welcome(self._signed(said["key"], said.get("user_id")), reply_to)
        except (NotAuthenticated, TooMany) as error:
            self._refuse(error, reply_to)
            raise Ended(_REFUSED, "This key is not taken.") from error

    def _welcome(self, who: Who, reply_to: str | None) -> None:
        owner = who().owner
        self._who, self._socket.most = who, self._services.config.max_chat_bytes
        data = {"owner": owner, "request_id": self._request_id}
        self._socket.send([notice("ready", reply_to=reply_to, data=data)])

    def _account(self, kind: str) -> Account:
        """Raises NotAuthenticated, and NotAllowed: the key is for something else."""
        if self._who is None:
            raise NotAuthenticated('Send {"type": "auth", "key": KEY} first.')
        account, scopes = self._who(), _SCOPES.get(kind, _WHOEVER_HAS_RUNS)
        if not set(scopes) & set(account.scopes):
            raise NotAllowed(f"This needs a key with the scope {' or '.join(scopes)}.")
        return account

    def _refuse(self, error: ParleyError, reply_to: str | None) -> None:
        self._errands.refuse(error, reply_to)
