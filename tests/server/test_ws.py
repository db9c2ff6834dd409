"""The chat over a WebSocket, on a real server: many runs on one connection, and their endings."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests

from tests.server.callers import until
from tests.server.proc import resident, worker
from tests.server.process import ROOT, Server, serving
from tests.server.speaker import Speaker, text
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as it:
        yield it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("ws")
    with serving(
        folder,
        OPENAI_BASE_URL=f"{upstream.url}/v1",
        CHAT_MODEL="openai/mock-5",
        READER_GRACE="30",
        MAX_BODY_BYTES="100000",
        MAX_IMAGE_BYTES="100000",
    ) as it:
        yield it


@pytest.fixture
def speaker(server: Server) -> Iterator[Speaker]:
    with Speaker(server) as it:
        it.hear_one("ready")
        yield it


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


def answer(count: int) -> str:
    return "".join(f"t{n} " for n in range(count))


def state(server: Server, run_id: str) -> str:
    return str(requests.get(f"{server.url}/api/runs/{run_id}", timeout=5).json()["state"])


class TestTalk:
    def test_a_turn(self, speaker: Speaker) -> None:
        """A message is accepted under the client's own id, and answered by the native events."""
        speaker.say("chat", message="hi", id="first")
        accepted = speaker.hear_one("accepted")
        assert accepted["reply_to"] == "first"
        heard = speaker.hear_out(accepted["run_id"])
        assert [said["id"] for said in heard] == list(range(1, len(heard) + 1))
        assert (heard[0]["event"], heard[-1]["event"]) == ("start", "done")
        assert heard[0]["data"]["conversation_id"] == accepted["data"]["conversation_id"]
        assert text(heard) == answer(5)

    def test_it_is_the_same_run_as_over_http(self, server: Server, speaker: Speaker) -> None:
        """Event for event the socket says what the native stream says, and it is stored."""
        run_id = speaker.begin()
        heard = speaker.hear_out(run_id)
        stream = requests.get(f"{server.url}/api/runs/{run_id}/events", timeout=5).text
        frames = [
            frame.split("\n") for frame in stream.replace(": hb\n", "").split("\n\n") if frame
        ]
        assert [(said["id"], said["event"], said["data"]) for said in heard] == [
            (int(n[4:]), name[7:], json.loads(data[6:])) for n, name, data in frames
        ]

    def test_memory_holds(self, upstream: Upstream, speaker: Speaker) -> None:
        """A second message in the conversation reaches the model with the first before it."""
        first = speaker.hear_out(speaker.begin("My name is Ada."))
        conversation = first[0]["data"]["conversation_id"]
        speaker.hear_out(speaker.begin("And now?", conversation_id=conversation))
        assert [m["role"] for m in upstream.requests[-1]["messages"]] == [
            "user", "assistant", "user",
        ]  # fmt: skip

    def test_many_runs_share_it(self, speaker: Speaker) -> None:
        """Twenty answers at once arrive interleaved, each whole and in its order."""
        for number in range(20):
            speaker.say("chat", message="hi", id=str(number), model="openai/mock-20-5000")
        heard: dict[str, list[dict[str, Any]]] = {}
        order = []
        while sum(said[-1]["event"] == "done" for said in heard.values()) < 20:
            said = speaker.hear()
            if "id" in said:
                heard.setdefault(said["run_id"], []).append(said)
                order.append(said["run_id"])
        assert all(text(said) == answer(20) for said in heard.values())
        assert sum(a != b for a, b in pairwise(order)) > 100

    def test_nothing_of_it_is_kept(self, server: Server, speaker: Speaker) -> None:
        """With `store: false` there is an answer and no conversation, as over HTTP."""
        speaker.say("chat", message="hi", store=False)
        accepted = speaker.hear_one("accepted")
        assert "conversation_id" not in accepted["data"] or not accepted["data"]["conversation_id"]
        assert text(speaker.hear_out(accepted["run_id"])) == answer(5)

    def test_a_ping_is_answered(self, speaker: Speaker) -> None:
        """So a page, which cannot send the protocol's own pings, can see that we are there."""
        speaker.say("ping", id="p")
        assert speaker.hear() == {"event": "pong", "reply_to": "p"}

    def test_once_is_once(self, upstream: Upstream, speaker: Speaker) -> None:
        """The same idempotency key again is the same run, read again, and no second call."""
        before, body = len(upstream.requests), {"idempotency_key": "ws-once"}
        first = speaker.begin("once", **body)
        said = speaker.hear_out(first)
        speaker._reached.clear()
        assert speaker.begin("once", **body) == first
        assert speaker.hear_out(first) == said
        assert len(upstream.requests) == before + 1

    def test_a_stop(self, server: Server, upstream: Upstream, speaker: Speaker) -> None:
        """One run is stopped: it ends with `done`, its state is told, and another goes on."""
        other = speaker.begin(model="openai/mock-40-10000")
        run_id = speaker.begin(model="openai/stall-3")
        speaker.say("stop", run_id=run_id, id="s")
        heard = speaker.hear_until("state")
        ended = [said for said in heard if said.get("run_id") == run_id and said["event"] == "done"]
        assert ended[0]["data"]["finish_reason"] == "stopped"
        assert (heard[-1]["reply_to"], heard[-1]["data"]["state"]) == ("s", "stopped")
        while (said := speaker.hear())["event"] != "done":
            assert said["run_id"] == other
        until(lambda: upstream.open == 0)

    def test_a_second_stop(self, speaker: Speaker) -> None:
        """To stop what has ended changes nothing, and says how it ended."""
        run_id = speaker.begin()
        speaker.hear_out(run_id)
        speaker.say("stop", run_id=run_id)
        assert speaker.hear_one("state")["data"]["state"] == "done"

    @pytest.mark.parametrize("after", [0, 3, 7, 8, 100])
    def test_resuming(self, speaker: Speaker, after: int) -> None:
        """From any position on there comes exactly what follows it."""
        run_id = speaker.begin()
        whole = speaker.hear_out(run_id)
        speaker.say("resume", run_id=run_id, after=after)
        speaker.hear_one("accepted")
        rest = whole[after:]
        assert [speaker.hear() for _ in rest] == rest
        speaker.say("ping")
        speaker.hear_one("pong")

    def test_following_twice_is_following_once(self, upstream: Upstream, speaker: Speaker) -> None:
        """A resume on the same socket takes the place of what was followed, and stops no run."""
        run_id = speaker.begin(model="openai/mock-30-20000")
        speaker.hear_until("delta")
        speaker.say("resume", run_id=run_id, after=0)
        speaker._reached.clear()
        while speaker.hear()["event"] != "accepted":
            speaker._reached.clear()
        speaker._reached[run_id] = 0
        assert text(speaker.hear_out(run_id)) == answer(30)
        speaker.say("ping")
        speaker.hear_one("pong")


class TestRefusals:
    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            ("", "malformed_body"),
            ("{", "malformed_body"),
            ("[]", "malformed_body"),
            ("null", "malformed_body"),
            ('"chat"', "malformed_body"),
            ("[" * 50_000, "malformed_body"),
            ('{"type": "chat", "message": "\\ud800"}', "malformed_body"),
            ('{"type": "chat", "message": NaN}', "malformed_body"),
            ("{}", "invalid_request"),
            ('{"type": 1}', "invalid_request"),
            ('{"type": ["chat"]}', "invalid_request"),
            ('{"type": "shout"}', "invalid_request"),
            ('{"type": "chat"}', "invalid_request"),
            ('{"type": "chat", "message": " "}', "invalid_request"),
            ('{"type": "chat", "message": "x", "unknown": 1}', "invalid_request"),
            ('{"type": "chat", "message": "x", "id": 7}', "invalid_request"),
            ('{"type": "chat", "message": "x", "idempotency_key": "\\n"}', "invalid_request"),
            ('{"type": "chat", "message": "x", "model": "nobody/x"}', "unknown_model"),
            ('{"type": "chat", "message": "x", "conversation_id": "conv_x"}', "not_found"),
            ('{"type": "stop"}', "invalid_request"),
            ('{"type": "stop", "run_id": "run_x"}', "not_found"),
            ('{"type": "resume", "run_id": "run_x"}', "not_found"),
            ('{"type": "resume", "run_id": "run_x", "after": -1}', "invalid_request"),
            ('{"type": "resume", "run_id": "run_x", "after": 1e99}', "invalid_request"),
            ('{"type": "ping", "x": 1}', "invalid_request"),
        ],
    )
    def test_a_bad_message(self, speaker: Speaker, sent: str, code: str) -> None:
        """What is wrong is answered with a problem in words, and the socket stays."""
        speaker.say_text(sent)
        said = speaker.hear_one("error")
        assert "run_id" not in said
        assert (said["data"]["code"], said["data"]["type"]) == (code, f"urn:parley:{code}")
        assert said["data"]["detail"].endswith((".", "?"))
        speaker.say("ping")
        speaker.hear_one("pong")

    def test_it_says_to_what(self, speaker: Speaker) -> None:
        """The client's own id comes back with an error, too."""
        speaker.say("chat", id="mine", message="x", unknown=1)
        said = speaker.hear_one("error")
        assert said["reply_to"] == "mine"
        assert said["data"]["errors"] == {"unknown": ["Unknown field."]}

    def test_a_failing_model_ends_its_run_alone(self, speaker: Speaker) -> None:
        """An error of the run carries the run's id and a position; the socket goes on."""
        run_id = speaker.begin(model="openai/cut-3")
        heard = speaker.hear_out(run_id)
        assert (heard[-1]["event"], heard[-1]["data"]["code"]) == ("error", "provider_cut_off")
        assert text(heard) == answer(3)
        assert text(speaker.hear_out(speaker.begin())) == answer(5)

    def test_too_many_at_once(self, server: Server, upstream: Upstream) -> None:
        """Past the number of runs that one socket may follow, a message is refused."""
        with Speaker(server) as speaker:
            speaker.hear_one("ready")
            for _ in range(65):
                speaker.say("chat", message="hi", model="openai/stall-1")
            said = speaker.hear_until("error")[-1]
            assert (said["data"]["code"], said["data"]["retryable"]) == ("rate_limited", True)
            speaker.leave()
        until(lambda: upstream.open == 0)

    def test_a_text_that_is_too_long_beside_images(self, speaker: Speaker) -> None:
        """What is granted to images is for nothing else."""
        speaker.say("chat", message="x" * 120_000)
        assert speaker.hear_one("error")["data"]["code"] == "invalid_request"

    def test_a_message_past_all_bounds(self, speaker: Speaker) -> None:
        """It ends the socket, before it is read to its end."""
        speaker.say_text("x" * 300_000)
        code, sentence = speaker.hear_close()
        assert (code, sentence[-6:]) == (1009, " here.")

    def test_bytes_are_no_message(self, speaker: Speaker) -> None:
        """A binary message ends the socket with the code for that."""
        speaker._client.send(b"{}")
        assert speaker.hear_close()[0] == 1003

    @pytest.mark.parametrize(
        "bytes_",
        [b"\x81\x02{}", b"\xff\xff\xff\xff", b"\x83\x80abcd", b"\x81\x84abcd\x9f\x9f\x9f\x9f"],
        ids=["unmasked", "noise", "reserved", "not UTF-8"],
    )
    def test_what_is_no_frame(self, speaker: Speaker, bytes_: bytes) -> None:
        """What breaks the protocol ends the socket, with a code of the protocol's."""
        speaker._client.sock.sendall(bytes_)
        assert speaker.hear_close()[0] in (1002, 1007)


_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class TestHandshake:
    def test_a_plain_get(self, server: Server) -> None:
        """Without an upgrade the address says what it is for."""
        said = requests.get(f"{server.url}/api/chat/ws", timeout=5)
        assert (said.status_code, said.json()["code"]) == (426, "upgrade_required")

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"Sec-WebSocket-Version": "8"}, 426),
            ({"Sec-WebSocket-Key": "short"}, 400),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://localhost:1"}, 403),
            ({"Authorization": "Bearer parley_" + "x" * 43}, 401),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_a_bad_one(self, server: Server, change: dict[str, str], status: int) -> None:
        """What is wrong with it is answered over HTTP, as a problem."""
        headers = {**_UPGRADE, **change}
        said = requests.get(f"{server.url}/api/chat/ws", headers=headers, timeout=5)
        assert (said.status_code, said.json()["status"]) == (status, status)

    def test_the_pages_own_origin(self, server: Server) -> None:
        """A page of this server may open one."""
        headers = {**_UPGRADE, "Origin": server.url}
        with requests.get(
            f"{server.url}/api/chat/ws", headers=headers, timeout=5, stream=True
        ) as said:
            assert said.status_code == 101

    @pytest.mark.parametrize("query", ["key=parley_x", "x=1"])
    def test_nothing_in_the_address(self, server: Server, query: str) -> None:
        """A key in the address is refused before it could be taken."""
        said = requests.get(f"{server.url}/api/chat/ws?{query}", headers=_UPGRADE, timeout=5)
        assert (said.status_code, said.json()["code"]) == (401, "not_authenticated")

    def test_the_answer_of_the_standard(self, server: Server) -> None:
        """The handshake's answer is the one of RFC 6455's example, and nothing is compressed."""
        with socket.create_connection(tuple(server.url[7:].split(":"))) as sock:  # type: ignore[arg-type]
            sock.sendall(
                b"GET /api/chat/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                b"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
            )
            head = sock.recv(4096).decode("latin-1").lower()
        assert head.startswith("http/1.1 101 ")
        assert "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n" in head
        assert "extensions" not in head
        assert "x-request-id: req_" in head

    def test_it_is_logged_and_counted(self, server: Server) -> None:
        """A socket is one line of the log with its duration, and one request of the figures."""
        with Speaker(server) as speaker:
            request_id = speaker.hear_one("ready")["data"]["request_id"]
        until(lambda: request_id in server.said())
        (line,) = (json.loads(line) for line in server.said().splitlines() if request_id in line)
        assert (line["event"], line["status"], line["route"]) == ("request", 101, "/api/chat/ws")
        figures = requests.get(f"{server.url}/metrics", timeout=5).text
        assert 'route="/api/chat/ws",status="101"' in figures


_KILLED = """
import sys
from tests import patched
from tests.server.process import Server
from tests.server.speaker import Speaker
speaker = Speaker(Server(sys.argv[1], None, None))
for _ in range(3):
    speaker.say("chat", message="hi", model=sys.argv[2])
speaker.hear_until("delta" if "silent" not in sys.argv[2] else "accepted")
print("there", flush=True)
speaker.hear(60)
speaker.hear(60)
"""


class TestLeaving:
    @pytest.mark.parametrize("model", ["silent-0", "stall-2", "mock-1000-20000"])
    @pytest.mark.parametrize("way", ["close", "drop", "reset"])
    def test_leaving_closes_upstream(
        self, server: Server, upstream: Upstream, model: str, way: str
    ) -> None:
        """Politely or not, before the first token or later: who leaves frees the provider."""
        until(lambda: upstream.open == 0)
        speaker = Speaker(server)
        for _ in range(3):
            speaker.begin(model=f"openai/{model}")
        until(lambda: upstream.open == 3)
        speaker.close() if way == "close" else speaker.leave(reset=way == "reset")
        assert until(lambda: upstream.open == 0) < 1.0
        speaker.close()

    def test_a_client_that_is_killed(self, server: Server, upstream: Upstream) -> None:
        """With SIGKILL nobody says goodbye, and all the same upstream is closed at once."""
        until(lambda: upstream.open == 0)
        command = [sys.executable, "-c", _KILLED, server.url, "openai/stall-2"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == b"there\n"
            until(lambda: upstream.open == 3)
            client.send_signal(signal.SIGKILL)
            assert until(lambda: upstream.open == 0) < 1.0

    def test_another_reader_keeps_the_run(self, server: Server, upstream: Upstream) -> None:
        """A run that somebody else reads goes on, on another socket as well as over HTTP."""
        with Speaker(server) as stays:
            stays.hear_one("ready")
            leaves = Speaker(server)
            run_id = leaves.begin(model="openai/mock-30-20000")
            stays.say("resume", run_id=run_id)
            stays.hear_until("delta")
            leaves.leave()
            assert stays.hear_out(run_id)[-1]["event"] == "done"

    def test_what_shall_go_on_does(self, server: Server, upstream: Upstream) -> None:
        """With `continue` a run waits for its reader, who hears the rest on a new socket."""
        speaker = Speaker(server)
        run_id = speaker.begin(model="openai/mock-30-20000", on_disconnect="continue")
        heard = speaker.hear_until("delta")
        speaker.leave()
        assert state(server, run_id) == "running"
        with Speaker(server) as again:
            again.hear_one("ready")
            again.say("resume", run_id=run_id, after=heard[-1]["id"])
            rest = again.hear_out(run_id)
        assert text(heard) + text(rest) == answer(30)

    def test_leaving_before_the_run_has_begun(self, server: Server, upstream: Upstream) -> None:
        """A message and its sender's end in one packet leave no run behind."""
        for _ in range(5):
            speaker = Speaker(server)
            speaker.say("chat", message="hi", model="openai/stall-1")
            speaker.leave()
        gevent.sleep(0.2)
        assert until(lambda: upstream.open == 0) < 2.0


class TestBackPressure:
    def test_a_slow_reader_slows_itself_alone(self, server: Server, upstream: Upstream) -> None:
        """Who reads nothing of a long answer holds up no other socket, and memory stays flat."""
        idle = Speaker(server)
        idle.hear_one("ready")
        sock = socket.create_connection(tuple(server.url[7:].split(":")))  # type: ignore[arg-type]
        sock.sendall(
            b"GET /api/chat/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        until(lambda: b"ready" in sock.recv(4096, socket.MSG_PEEK))
        body = {"type": "chat", "message": "hi", "model": "openai/mock-40000"}
        sock.sendall(masked(json.dumps(body).encode()))
        until(lambda: upstream.calls["mock-40000"] == 1)
        until(lambda: upstream.open == 0, 40)
        before = resident(worker(server))
        assert text(idle.hear_out(idle.begin())) == answer(5)
        for _ in range(20):
            sock.sendall(masked(b'{"type": "ping"}'))
        assert text(idle.hear_out(idle.begin())) == answer(5)
        assert resident(worker(server)) - before < 20_000_000
        assert whole(sock).count(b'"event": "delta"') == 40_000
        idle.close()
        sock.close()


def masked(data: bytes) -> bytes:
    """A client's frame, under a mask of zeros."""
    head = b"\x81" + bytes([0x80 | len(data)]) if len(data) < 126 else (
        b"\x81\xfe" + struct.pack("!H", len(data))
    )  # fmt: skip
    return head + b"\0\0\0\0" + data


def whole(sock: socket.socket) -> bytes:
    read = b""
    while b'"event": "done"' not in read[-2000:]:
        part = sock.recv(1_000_000)
        assert part
        read += part
    return read


def test_a_shutdown(tmp_path: Path, upstream: Upstream) -> None:
    """On SIGTERM a socket at rest is closed at once, and others after their runs' last words."""
    extra = {"OPENAI_BASE_URL": f"{upstream.url}/v1", "DRAIN_TIMEOUT": "2"}
    with serving(tmp_path, **extra) as server:
        resting, short, long = Speaker(server), Speaker(server), Speaker(server)
        ends = short.begin(model="openai/mock-10-50000")
        stays = long.begin(model="openai/stall-2")
        until(lambda: upstream.open == 2)
        server.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert resting.hear_close() == (
            1012, "This server is going down for a restart. Connect again.",
        )  # fmt: skip
        assert time.monotonic() - began < 1.5
        assert short.hear_out(ends)[-1]["event"] == "done"
        assert short.hear_close()[0] == 1012
        last = long.hear_out(stays)[-1]
        assert (last["event"], last["data"]["code"]) == ("error", "shutting_down")
        assert long.hear_close()[0] == 1012
        assert server.process.wait(timeout=20) == 0
        for speaker in (resting, short, long):
            speaker.close()


def test_a_message_while_it_goes_down(tmp_path: Path, upstream: Upstream) -> None:
    """Who asks on a socket that only waits for its last run hears that there is no new one."""
    extra = {"OPENAI_BASE_URL": f"{upstream.url}/v1", "DRAIN_TIMEOUT": "2"}
    with serving(tmp_path, **extra) as server, Speaker(server) as speaker:
        speaker.begin(model="openai/stall-2")
        server.process.send_signal(signal.SIGTERM)
        gevent.sleep(0.3)
        speaker.say("chat", message="hi", id="late")
        said = next(s for s in iter(speaker.hear, None) if s.get("reply_to") == "late")
        assert (said["event"], said["data"]["code"]) == ("error", "shutting_down")
        assert speaker.hear_close()[0] == 1012
