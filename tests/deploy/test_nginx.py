"""deploy/nginx.conf in a real nginx: what it accepts, and what it sends on."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.deploy.front import before, command, placed
from tests.deploy.recorder import Recorder
from tests.deploy.written import NGINX
from tests.providers.transport.authority import Authority
from tests.server.process import Server, free_port, running, wait_until_ready
from tests.server.test_leaving import until


@pytest.fixture(scope="module")
def behind() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def front(behind: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with before(tmp_path_factory.mktemp("front"), behind.address, behind.address) as it:
        yield it


def _tested(folder: Path, text: str) -> str:
    written = folder / "nginx.conf"
    written.write_text(text)
    done = subprocess.run(
        [*command(written), "-t"], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stderr


def test_nginx_accepts_it(tmp_path: Path) -> None:
    """`nginx -t` has nothing to say against the file."""
    said = _tested(tmp_path, placed(tmp_path, free_port(), "127.0.0.1:1", "127.0.0.1:2"))
    assert "test is successful" in said
    assert "[warn]" not in said


def test_nginx_is_not_blind(tmp_path: Path) -> None:
    """A misspelt directive is refused."""
    text = placed(tmp_path, free_port(), "127.0.0.1:1", "127.0.0.1:2")
    assert "[emerg]" in _tested(tmp_path, text.replace("proxy_buffering", "proxy_bufering"))


def test_an_idle_connection_is_used_again(front: Server, behind: Recorder) -> None:
    """To an instance go HTTP/1.1 requests, many on one connection."""
    before = behind.connections
    for _ in range(40):
        assert requests.get(f"{front.url}/healthz", timeout=5).text == "ok"
    assert behind.heads[-1][""] == "GET /healthz HTTP/1.1"
    assert "connection" not in behind.heads[-1]
    # Each of nginx' workers has its own to each instance.
    assert behind.connections - before < 20


def test_nothing_is_held_back(front: Server, behind: Recorder) -> None:
    """Bytes arrive before others follow, whatever the answer's headers say."""
    behind.more.clear()
    with requests.get(f"{front.url}/api/chat/stream", stream=True, timeout=5) as answer:
        assert answer.raw.read1(16) == b"one"
        behind.more.set()
        assert answer.raw.read1(16) == b"two"


def test_who_leaves_in_silence_is_noticed(front: Server, behind: Recorder) -> None:
    """nginx hangs up at the instance when the caller has hung up, and waits for no token."""
    behind.more.set()
    route = "/api/runs/run_1/stream"
    with requests.get(f"{front.url}{route}", stream=True, timeout=5) as answer:
        assert answer.raw.read(6) == b"onetwo"
        assert behind.left == [it for it in behind.left if route not in it]
    until(lambda: f"GET {route} HTTP/1.1" in behind.left)


def test_the_caller_is_named(front: Server, behind: Recorder) -> None:
    """The last address of X-Forwarded-For is the caller's, whatever the caller wrote there."""
    sent = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "Host": "parley.test:81"}
    requests.get(f"{front.url}/api/models", headers=sent, timeout=5)
    head = behind.heads[-1]
    assert head["x-forwarded-for"] == "192.0.2.1, 127.0.0.1"
    assert (head["x-forwarded-proto"], head["host"]) == ("http", "parley.test:81")


def test_a_websocket_passes(front: Server, behind: Recorder) -> None:
    """The upgrade reaches the instance, and after it every byte goes both ways at once."""
    host, port = front.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as caller:
        caller.sendall(
            b"GET /api/chat/ws HTTP/1.1\r\nHost: localhost\r\n"
            b"Upgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
        )
        said = b""
        while not said.endswith(b"\r\n\r\n"):
            said += caller.recv(4096)
        assert said.startswith(b"HTTP/1.1 101 ")
        for word in (b"one", b"another"):
            caller.sendall(word)
            assert caller.recv(4096) == word
    assert (behind.heads[-1]["upgrade"], behind.heads[-1]["connection"]) == ("websocket", "upgrade")


def test_nothing_else_is_upgraded(front: Server, behind: Recorder) -> None:
    """A request to speak HTTP/2 without TLS does not get past nginx."""
    asked = {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings"}
    assert requests.get(f"{front.url}/api/chat/ws", headers=asked, timeout=5).text == "ok"
    assert {"upgrade", "connection"}.isdisjoint(behind.heads[-1])


def test_when_nobody_is_there(tmp_path: Path) -> None:
    """Without any instance the answer is a problem document that says when to come again."""
    with ExitStack() as stack:
        with Recorder() as behind:
            front = stack.enter_context(before(tmp_path, behind.address, behind.address))
        answer = requests.post(f"{front.url}/api/chat", json={"message": "hi"}, timeout=20)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["retryable"]) == ("unavailable", True)


def test_tls_is_there_when_the_marks_are_gone(tmp_path: Path, behind: Recorder) -> None:
    """The lines that are marked `#tls` make the same server speak HTTPS, and say so behind it."""
    authority, port, secure = Authority.found(tmp_path), free_port(), free_port()
    authority.server()
    stem = next(tmp_path.glob("*-2.pem")).with_suffix("")
    text = placed(tmp_path, port, behind.address, behind.address).replace("#tls ", "")
    text = text.replace("listen 8443", f"listen 127.0.0.1:{secure}")
    text = text.replace("/etc/nginx/tls/fullchain.pem", f"{stem}.pem")
    text = text.replace("/etc/nginx/tls/privkey.pem", f"{stem}.key")
    assert NGINX.count("#tls ") == 6
    written = tmp_path / "nginx.conf"
    written.write_text(text)
    with running(command(written), tmp_path, {}) as it:
        it.url = f"http://127.0.0.1:{port}"
        wait_until_ready(it)
        answer = requests.get(
            f"https://127.0.0.1:{secure}/healthz", verify=str(authority.file), timeout=5
        )
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert behind.heads[-1]["x-forwarded-proto"] == "https"
