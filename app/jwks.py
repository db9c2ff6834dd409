"""The public keys of whoever signs a frontend's tokens, fetched from where they publish them.

They are kept for ten minutes, and for a day where they cannot be fetched again. A token that names
a key which is not among them is a reason to look for new ones, but not more than twice a minute:
anybody can write such a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import gevent
import msgspec
import requests
import structlog
from gevent.lock import BoundedSemaphore

from app.errors import Unavailable

log = structlog.get_logger()

_FRESH = 600.0
_STALE = 86_400.0
_BETWEEN = 30.0  # seconds from one fetch to the next, whoever asks
_PATIENCE = 5.0  # seconds for a whole fetch
_MOST_BYTES = 262_144

Keys = Sequence[Mapping[str, Any]]


class _Set(msgspec.Struct):
    keys: list[dict[str, Any]]


class Jwks:
    """At an https address. `certificates` are whom to trust instead of the public authorities."""

    def __init__(self, url: str, certificates: str | None = None) -> None:
        self._url = url
        self._certificates = certificates
        self._keys: Keys = ()
        self._got = -_STALE  # when they were fetched
        self._tried = -_BETWEEN
        self._alone = BoundedSemaphore(1)

    def find(self, kid: str | None) -> Mapping[str, Any] | None:
        """The key with this id; without one, the only key that there is.

        Raises Unavailable: there are none, and none can be fetched just now.
        """
        if monotonic() > self._got + _FRESH:
            self._refresh()
        found = self._named(kid)
        if found is None:
            self._refresh()
            found = self._named(kid)
        return found

    def _named(self, kid: str | None) -> Mapping[str, Any] | None:
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.get("kid") == kid), None)

    def _refresh(self) -> None:
        """Fetch them, unless somebody has just done so."""
        with self._alone:
            if monotonic() >= self._tried + _BETWEEN:
                self._tried = monotonic()
                self._fetch()
        if monotonic() > self._got + _STALE:
            raise Unavailable(
                "The keys that tokens are signed with cannot be fetched. Try again in a moment.",
                retry_after=_BETWEEN / 2,
            )

    def _fetch(self) -> None:
        try:
            with gevent.Timeout(_PATIENCE):
                self._keys = _usable(msgspec.json.decode(self._read(), type=_Set).keys)
            self._got = monotonic()
        except (requests.RequestException, msgspec.MsgspecError, ValueError, gevent.Timeout) as why:
            log.warning("jwks_not_fetched", url=self._url, reason=type(why).__name__)

    def _read(self) -> bytes:
        """Raises ValueError for what is no answer of theirs."""
        with requests.get(
            self._url,
            timeout=_PATIENCE,
            stream=True,
            allow_redirects=False,  # who is trusted is this address, and no other
            verify=self._certificates or True,
        ) as answer:
            if answer.status_code != 200:
                raise ValueError(answer.status_code)
            body = b""
            for piece in answer.iter_content(16_384):
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError(len(body))
        return body


def _usable(keys: list[dict[str, Any]]) -> Keys:
    """Those that sign and are public: a secret among them would be known to everybody."""
    return [k for k in keys if k.get("kty") != "oct" and k.get("use", "sig") == "sig"]
