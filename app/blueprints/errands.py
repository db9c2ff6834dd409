"""What a WebSocket's messages order: runs begun, followed, resumed and stopped, many at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gevent
import structlog

from app.accounts import Account
from app.blueprints.following import Following
from app.blueprints.websocket import Ended, Socket
from app.encoders.messages import notice, problem
from app.errors import ParleyError, TooMany
from app.runs.run import Run
from app.schemas.runs import RunSchema
from app.services import Services
from app.services.completions.passing import passing
from app.services.turns import Ask

_AT_ONCE = 64  # runs that one socket follows, and messages that it has under way

_run = RunSchema()
log = structlog.get_logger()


class Errands:
    """Each in a greenlet of its own. `on_end` hears of each end, and of what ends the socket."""

    def __init__(
        self,
        socket: Socket,
        services: Services,
        request_id: str,
        on_end: Callable[[Ended | None], None],
    ) -> None:
        self._socket = socket
        self._services = services
        self._request_id = request_id
        self._on_end = on_end
        self._followed: dict[str, Following] = {}
        self._left = False
        self.under_way = 0

    def begin(
        self, kind: str, account: Account, said: dict[str, Any], reply_to: str | None
    ) -> None:
        """Raises TooMany."""
        if self.under_way >= _AT_ONCE:
            raise TooMany(f"A socket has {_AT_ONCE} runs at once at most.", retry_after=1)
        self.under_way += 1
        work = {"chat": self._chat, "stop": self._stop, "resume": self._resume}[kind]
        gevent.spawn(self._carry_out, work, account, said, reply_to)

    def leave(self) -> None:
        """Leave all runs. What nobody else reads is cancelled, unless it was asked to go on."""
        self._left = True
        for following in list(self._followed.values()):
            following.close()

    def refuse(self, error: ParleyError, reply_to: str | None) -> None:
        self._socket.send([problem(error.problem(self._request_id).document(), reply_to)])

    def _carry_out(self, work: Callable[..., None], *asked: Any) -> None:
        structlog.contextvars.bind_contextvars(request_id=self._request_id)
        end: Ended | None = None
        try:
            self._told(work, *asked)
        except Ended as slow:
            end = slow
        except OSError:
            pass  # the client has gone, which whoever receives hears as well
        finally:
            self.under_way -= 1
            self._on_end(end)

    def _told(self, work: Callable[..., None], *asked: Any) -> None:
        """What goes wrong is told, too."""
        reply_to = asked[-1]
        try:
            work(*asked)
        except ParleyError as error:
            self.refuse(error, reply_to)
        except (OSError, Ended):
            raise
        except Exception:
            log.exception("message_broke")
            self.refuse(ParleyError(), reply_to)

    def _chat(self, account: Account, said: dict[str, Any], reply_to: str | None) -> None:
        parley = self._services
        parley.safeguards.consent.require(account.owner)
        if said.pop("store", None) is False:
            run = parley.completions.start(account, passing(said))
        else:
            run = parley.chat.ask(account, Ask.of(said))
        self._follow(account, run, 0, reply_to)

    def _resume(self, account: Account, said: dict[str, Any], reply_to: str | None) -> None:
        run = self._services.runs.open(account.owner, said["run_id"])
        self._follow(account, run, said["after"], reply_to)

    def _stop(self, account: Account, said: dict[str, Any], reply_to: str | None) -> None:
        state = self._services.runs.stop(account.owner, said["run_id"])
        told = notice("state", reply_to=reply_to, run_id=said["run_id"], data=_run.dump(state))
        self._socket.send([told])

    def _follow(self, account: Account, run: Run, after: int, reply_to: str | None) -> None:
        """Until it ends. Whoever follows it here already makes way."""
        following, before = Following(self._socket, run, after), self._followed.get(run.id)
        self._followed[run.id] = following
        streams = self._services.metrics.open_streams
        streams.inc()
        try:
            if before is not None:
                before.close()
            if not self._left:
                self._accept(account, run, reply_to)
                following()
        finally:
            streams.dec()
            following.close()
            if self._followed.get(run.id) is following:
                del self._followed[run.id]

    def _accept(self, account: Account, run: Run, reply_to: str | None) -> None:
        """Which run it is, and what of the limits is left."""
        limits = [asdict(quota) for quota in self._services.gate.quotas(account)]
        data = {"conversation_id": run.conversation_id or None, "limits": limits}
        self._socket.send([notice("accepted", reply_to=reply_to, run_id=run.id, data=data)])
