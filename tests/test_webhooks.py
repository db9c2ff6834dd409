"""News for another server: signed, tried again, and never in anybody's way."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gevent
import msgspec
import pytest
from gevent.pywsgi import WSGIServer

from app.webhooks import Webhook

_SECRET = "between the two of us"


@dataclass
class Receiver:
    """Answers with each of `statuses`, then with 200."""

    statuses: list[int] = field(default_factory=list)
    took: list[tuple[str, bytes]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        self.took.append((environ["HTTP_X_PARLEY_SIGNATURE"], body))
        status = self.statuses.pop(0) if self.statuses else 200
        start_response(f"{status} Said", [("Location", "/elsewhere")])
        return [b""]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def url(receiver: Receiver) -> Iterator[str]:
    server = WSGIServer(("127.0.0.1", 0), receiver, log=None)
    server.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.stop()


def wait_for(receiver: Receiver, count: int) -> None:
    with gevent.Timeout(5):
        while len(receiver.took) < count:
            gevent.sleep(0.01)


def test_it_is_signed(receiver: Receiver, url: str) -> None:
    """The receiver can check who sent it and when, over the very bytes of the body."""
    Webhook(url, _SECRET).post("no_answer", {"conversation_id": "conv_1"})
    wait_for(receiver, 1)
    signature, body = receiver.took[0]
    moment, mac = (part.split("=")[1] for part in signature.split(","))
    expected = hmac.new(_SECRET.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    assert mac == expected
    assert abs(time.time() - int(moment)) < 60
    said = msgspec.json.decode(body)
    assert (said["event"], said["conversation_id"]) == ("no_answer", "conv_1")


def test_it_is_tried_again(receiver: Receiver, url: str) -> None:
    """What is not taken, for whatever reason, is sent again until it is."""
    receiver.statuses += [500, 302, 404]
    Webhook(url, _SECRET, waits=(0.01, 0.01, 0.01, 0.01)).post("no_answer", {})
    wait_for(receiver, 4)
    gevent.sleep(0.1)
    assert len({body for _, body in receiver.took}) == 1
    assert len(receiver.took) == 4


def test_it_gives_up(receiver: Receiver, url: str) -> None:
    """A receiver that never takes it does not get it for ever."""
    receiver.statuses += [500] * 50
    webhook = Webhook(url, _SECRET, waits=(0.01, 0.01))
    webhook.post("no_answer", {})
    wait_for(receiver, 3)
    webhook.close(5)
    assert len(receiver.took) == 3


def test_closing_tries_once_more(receiver: Receiver, url: str) -> None:
    """What waits for its next try gets it at once when the server ends, and no other."""
    receiver.statuses += [500] * 50
    webhook = Webhook(url, _SECRET, waits=(60, 60))
    webhook.post("no_answer", {})
    wait_for(receiver, 1)
    began = time.monotonic()
    webhook.close(5)
    assert len(receiver.took) == 2
    assert time.monotonic() - began < 3


def test_nobody_waits_for_it() -> None:
    """Posting returns at once, also when nobody listens, and closing does not hang."""
    webhook = Webhook("http://127.0.0.1:9/", _SECRET, waits=(60,))
    began = time.monotonic()
    for _ in range(200):
        webhook.post("no_answer", {})
    assert time.monotonic() - began < 5
    webhook.close(30)
    assert time.monotonic() - began < 20


def test_without_an_address() -> None:
    """Nothing is sent, and nothing breaks."""
    webhook = Webhook(None, None)
    webhook.post("no_answer", {})
    webhook.close()
