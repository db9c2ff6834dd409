"""From which address a request came."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from flask import Flask

from app.blueprints.callers import address

_PEER = "203.0.113.7"


@pytest.fixture(scope="module")
def app() -> Flask:
    """One that is nothing but a context for requests."""
    return Flask(__name__)


@pytest.mark.parametrize(
    ("trusted", "sent", "found"),
    [
        (0, [], _PEER),
        (0, ["198.51.100.1"], _PEER),
        (1, [], _PEER),
        (1, ["198.51.100.1"], "198.51.100.1"),
        (1, ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
        (1, ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),
        (2, ["192.0.2.66, 198.51.100.1,10.0.0.1"], "198.51.100.1"),
        (2, ["198.51.100.1"], _PEER),
        (1, ["198.51.100.1:4711"], "198.51.100.1"),
        (1, ["[2001:db8:1:2::5]:4711"], "2001:db8:1:2::/64"),
        (1, ["2001:db8:1:2:aaaa::1"], "2001:db8:1:2::/64"),
        (1, ["::ffff:198.51.100.1"], "198.51.100.1"),
        (1, ["unknown"], _PEER),
        (1, ["198.51.100.1,"], _PEER),
        (1, ["\u00e9" * 50], _PEER),
        (1, ["[["], _PEER),
    ],
)
def test_what_our_proxies_added_is_believed(
    app: Flask, trusted: int, sent: Sequence[str], found: str
) -> None:
    """So many entries from the end, and not what a caller wrote before; of IPv6 the network."""
    headers = [("X-Forwarded-For", line) for line in sent]
    with app.test_request_context(environ_base={"REMOTE_ADDR": _PEER}, headers=headers):
        assert address(trusted) == found


@pytest.mark.parametrize("peer", ["", "unix", None])
def test_a_socket_without_an_address(app: Flask, peer: str | None) -> None:
    """Behind a Unix socket all callers without a proxy's word are one."""
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": peer}):
        assert address(0) == address(1) == ""
