"""What only one worker at a time may do: it claims it in Redis, and lets go of it."""

from __future__ import annotations

import secrets

import gevent
import redis

from app.cluster.connection import Connection, RedisAway

# A claim is renewed this often, and runs out when its worker is dead. Milliseconds.
_RENEW = 4_000
_LASTS = 12_000

# Only of what is still ours, or was lost by Redis.
_EXTEND = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
"""


class Claims:
    """Those of one process, by name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._renewing: dict[str, tuple[str, gevent.Greenlet[..., None]]] = {}

    def claim(self, name: str) -> bool:
        """Whether nobody else has it. Ours until `release`. Raises RedisAway."""
        key, mark = self._connection.key("claim", name), secrets.token_hex(16)
        if not self._connection.run(lambda client: client.set(key, mark, nx=True, px=_LASTS)):
            return False
        self._renewing[name] = mark, gevent.spawn(self._renew, key, mark)
        return True

    def release(self, name: str, after: float = 0.0) -> None:
        """Let others have it, in so many seconds. What is not ours, or nobody's, stays so."""
        mark, renewing = self._renewing.pop(name, ("", None))
        if renewing is None:
            return
        renewing.kill()
        try:
            self._extend(self._connection.key("claim", name), mark, int(after * 1000))
        except RedisAway:
            return  # it runs out

    def close(self) -> None:
        for name in list(self._renewing):
            self.release(name)

    def _renew(self, key: str, mark: str) -> None:
        held = True
        while held:
            gevent.sleep(_RENEW / 1000)
            try:
                held = self._extend(key, mark, _LASTS)
            except RedisAway:
                continue

    def _extend(self, key: str, mark: str, milliseconds: int) -> bool:
        def work(client: redis.Redis) -> bool:
            return bool(client.register_script(_EXTEND)([key], [mark, milliseconds]))

        return self._connection.run(work)
