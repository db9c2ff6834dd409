"""Who may talk over a WebSocket, and for how long: by a message, a header, the page's session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import requests

from tests.clients.door import Door, opened
from tests.server.process import Server
from tests.server.speaker import Speaker, text

pytestmark = pytest.mark.usefixtures("within_a_minute")

_PAGE = "https://app.example"
_WRONG = "parley_" + "x" * 43
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("keys")
    with opened(folder, CORS_ORIGINS=_PAGE, CHAT_MODEL="openai/mock-5") as it:
        yield it


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


def speaking(door: Door, key: str | None = None, **headers: str) -> Speaker:
    """Signed in by the first message, if there is a key."""
    speaker = Speaker(Server(door.url, None, None), headers)  # type: ignore[arg-type]
    if key is not None:
        speaker.say("auth", key=key, id="a")
        assert speaker.hear_one("ready")["reply_to"] == "a"
    return speaker


def handshake(door: Door, **headers: str) -> requests.Response:
    address, sent = f"{door.url}/api/chat/ws", {**_UPGRADE, **headers}
    with requests.get(address, headers=sent, timeout=10, stream=True) as answer:
        if answer.status_code != 101:
            _ = answer.content
        return answer


def test_by_the_first_message(door: Door) -> None:
    """With the right key one is who one is, and talks."""
    with speaking(door) as speaker:
        speaker.say("auth", key=door.key)
        assert speaker.hear_one("ready")["data"]["owner"] == "ada"
        assert text(speaker.hear_out(speaker.begin())) == "t0 t1 t2 t3 t4 "


def test_by_the_header(door: Door) -> None:
    """A client that can send headers needs no message."""
    with speaking(door, Authorization=f"Bearer {door.key}") as speaker:
        assert speaker.hear_one("ready")["data"]["owner"] == "ada"


def test_nothing_before_that(door: Door) -> None:
    """Until then nothing is carried out, but a ping, and the socket waits."""
    with speaking(door) as speaker:
        for kind, more in (("chat", {"message": "x"}), ("stop", {"run_id": "run_x"}),
                           ("resume", {"run_id": "run_x"})):  # fmt: skip
            speaker.say(kind, **more)
            assert speaker.hear_one("error")["data"]["code"] == "not_authenticated"
        speaker.say("ping")
        speaker.hear_one("pong")


def test_a_wrong_key(door: Door) -> None:
    """It is an error in words, and the end of the socket."""
    with speaking(door) as speaker:
        speaker.say("auth", key=_WRONG, id="a")
        said = speaker.hear_one("error")
        assert (said["reply_to"], said["data"]["code"]) == ("a", "not_authenticated")
        assert speaker.hear_close() == (1008, "This key is not taken.")


def test_a_stranger_says_little(door: Door) -> None:
    """Who has not said who it is cannot fill our memory."""
    with speaking(door) as speaker:
        speaker.say("auth", key="x" * 20_000)
        assert speaker.hear_close()[0] == 1009


@pytest.mark.prove
def test_a_stranger_waits_not_long(door: Door) -> None:
    """Without a key a socket is closed after ten seconds, whatever is said on it meanwhile."""
    with speaking(door) as speaker:
        for _ in range(8):
            speaker.say("ping")
            speaker.hear_one("pong")
            gevent.sleep(1)
        code, sentence = speaker.hear_close()
        assert (code, "within 10 seconds" in sentence) == (1008, True)


def test_a_key_that_is_revoked(door: Door) -> None:
    """The socket of a key that is taken back is closed, also one on which nothing happens."""
    admin, address = door.issue(scopes=["admin"]), f"{door.url}/api/admin/keys"
    headers = {"Authorization": f"Bearer {admin}"}
    made = requests.post(address, json={"owner": "eve"}, headers=headers, timeout=10).json()
    with speaking(door, made["key"]) as resting, speaking(door, made["key"]) as busy:
        busy.begin(model="openai/stall-2")
        door.until_open()
        requests.delete(f"{address}/{made['id']}", headers=headers, timeout=10).raise_for_status()
        for speaker in (resting, busy):
            assert speaker.hear_close() == (1008, "This key is not valid any more.")
        door.until_closed(0)


def test_what_a_key_may_not(door: Door) -> None:
    """Limits, scopes, models and budgets are those of the key, as errors and not as ends."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"limits": {"requests_per_minute": 1}}, "rate_limited"),
        ({"scopes": ["extract"]}, "not_allowed"),
        ({"models": ["anthropic/*"]}, "not_allowed"),
        ({"budgets": {"day": "0.000001"}}, "budget_spent"),
    ]
    for body, code in cases:
        with speaking(door, door.issue(**body)) as speaker:
            if code == "rate_limited":
                speaker.hear_out(speaker.begin())
            speaker.say("chat", message="hi", id="c")
            said = speaker.hear_one("error")
            assert (said["reply_to"], said["data"]["code"]) == ("c", code)
            assert code != "rate_limited" or said["data"]["retry_after"] > 0
            speaker.say("ping")
            speaker.hear_one("pong")


def test_what_is_left(door: Door) -> None:
    """With its run a message learns what its limits leave, as the header says over HTTP."""
    with speaking(door, door.issue(limits={"requests_per_minute": 7})) as speaker:
        speaker.say("chat", message="hi")
        (limit,) = speaker.hear_one("accepted")["data"]["limits"]
        assert (limit["kind"], limit["limit"], limit["left"]) == ("requests", 7, 6)


def test_runs_of_others(door: Door) -> None:
    """Another owner's run can be neither heard nor stopped, and looks as if it were not there."""
    with speaking(door, door.key) as speaker, speaking(door, door.issue(owner="eve")) as other:
        run_id = speaker.begin(model="openai/mock-30-20000")
        for kind in ("resume", "stop"):
            other.say(kind, run_id=run_id)
            assert other.hear_one("error")["data"]["code"] == "not_found"
        assert speaker.hear_out(run_id)[-1]["data"]["finish_reason"] == "stop"


def test_users_under_a_key(door: Door) -> None:
    """A key that speaks for users speaks for one of them here, whose runs are no other user's."""
    key = door.issue(scopes=["chat", "users"])
    with speaking(door) as ann, speaking(door) as bob, speaking(door) as plain:
        for speaker, user in ((ann, "ann"), (bob, "bob")):
            speaker.say("auth", key=key, user_id=user)
            speaker.hear_one("ready")
        run_id = ann.begin()
        ann.hear_out(run_id)
        bob.say("resume", run_id=run_id)
        assert bob.hear_one("error")["data"]["code"] == "not_found"
        plain.say("auth", key=door.key, user_id="ann")
        assert plain.hear_one("error")["data"]["code"] == "not_allowed"


class TestPages:
    def test_a_listed_page(self, door: Door) -> None:
        """A page of a configured origin may open one."""
        with speaking(door, door.key, Origin=_PAGE) as speaker:
            speaker.hear_out(speaker.begin())

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.evil"])
    def test_another_page(self, door: Door, origin: str) -> None:
        """Another page may not, with the session's cookie, a key in the header, or nothing."""
        cookie = signed_in(door)
        for headers in ({}, {"Cookie": cookie}, {"Authorization": f"Bearer {door.key}"}):
            answer = handshake(door, Origin=origin, **headers)
            assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "not_allowed")

    def test_our_own_page(self, door: Door) -> None:
        """A page that has signed in needs no key, and one that has signed out is let go."""
        cookie = signed_in(door)
        with speaking(door, Cookie=cookie) as speaker:
            assert speaker.hear_one("ready")["data"]["owner"] == "ada"
            speaker.hear_out(speaker.begin())
            headers = {"Cookie": cookie}
            told = requests.get(f"{door.url}/api/session", headers=headers, timeout=10).json()
            headers["X-CSRF-Token"] = told["csrf_token"]
            requests.delete(
                f"{door.url}/api/session", headers=headers, timeout=10
            ).raise_for_status()
            assert speaker.hear_close()[0] == 1008

    def test_a_cookie_that_is_none(self, door: Door) -> None:
        """With a session that is over the socket opens, and waits for a key."""
        with speaking(door, Cookie="parley_session=" + "x" * 43) as speaker:
            speaker.say("chat", message="x")
            assert speaker.hear_one("error")["data"]["code"] == "not_authenticated"


def signed_in(door: Door) -> str:
    answer = requests.post(f"{door.url}/api/session", json={"key": door.key}, timeout=10)
    answer.raise_for_status()
    return answer.headers["Set-Cookie"].partition(";")[0]
