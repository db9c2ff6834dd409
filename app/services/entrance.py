"""The wiring of who may come in: keys, the tokens of a frontend's own users, sessions."""

from __future__ import annotations

from dataclasses import dataclass

from app.cluster.bus import Bus
from app.cluster.connection import Connection
from app.config import Config
from app.services.digests import Digests
from app.services.identity import Identity
from app.services.keys import Keys
from app.services.sessions import Sessions
from app.services.signing import KeySet, Rules, Tokens
from app.services.standing import Standing
from app.services.throttle import SharedThrottle
from app.storage.database import Database


@dataclass(frozen=True)
class Entrance:
    identity: Identity
    sessions: Sessions
    keys: Keys


def entrance(
    config: Config,
    database: Database,
    redis: Connection | None,
    bus: Bus | None,
    key_set: KeySet | None,
) -> Entrance:
    """`key_set` are the public keys that tokens are signed with, if there are any."""
    digests = Digests(database, config.secret_key, config.secret_key_fallbacks)
    standing = Standing(database, digests, config.admin_key)
    tokens = _tokens(config, standing, key_set)
    identity = Identity(
        standing,
        is_open=config.open,
        tokens=tokens,
        throttle=SharedThrottle(redis) if redis else None,
        bus=bus,
    )
    sessions = Sessions(
        database,
        standing,
        identity,
        tokens,
        idle_minutes=config.session_idle_minutes,
        hours=config.session_hours,
    )
    return Entrance(identity, sessions, Keys(database, digests, identity.forget))


def _tokens(config: Config, standing: Standing, key_set: KeySet | None) -> Tokens | None:
    keys = config.jwt_secret or key_set
    if keys is None or config.jwt_audience is None or config.jwt_key_id is None:
        return None
    rules = Rules(
        algorithm=config.jwt_algorithm or ("HS256" if config.jwt_secret else "RS256"),
        audience=config.jwt_audience,
        key_id=config.jwt_key_id,
        issuer=config.jwt_issuer,
    )
    return Tokens(standing, rules, keys)
