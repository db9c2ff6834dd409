"""What a page of another origin can do, in the browser that keeps the rules."""

import functools
import http.server
import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import serving

KEY = "a-key-of-the-browser-tests"
# Each prints one line of JSON: what came of it, or the name of the error.
ASK = """
async ({ url, path, options }) => {
  try {
    const answer = await fetch(url + path, options);
    const names = ["x-request-id", "x-run-id", "retry-after", "server"];
    const headers = Object.fromEntries(names.map((name) => [name, answer.headers.get(name)]));
    return { status: answer.status, text: await answer.text(), headers };
  } catch (error) {
    return { error: error.name };
  }
}
"""
TALK = """
({ url, key }) => new Promise((resolve) => {
  const heard = [];
  const socket = new WebSocket(url.replace("http", "ws") + "/api/chat/ws");
  socket.onopen = () => socket.send(JSON.stringify({ type: "auth", key }));
  socket.onmessage = ({ data }) => {
    const { event } = JSON.parse(data);
    heard.push(event);
    if (event === "ready") socket.send(JSON.stringify({ type: "chat", message: "hi" }));
    if (event === "done") socket.close();
  };
  socket.onclose = () => resolve(heard);
})
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two origins with an empty page each: one that is configured, and another."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "index.html").write_text("<!doctype html><title>a page</title>")
    servers = [
        http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))
        )
        for _ in range(2)
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory, pages: list[str]) -> Iterator[str]:
    """A server with a key in force, that knows the first of the origins."""
    with serving(
        tmp_path_factory.mktemp("server"),
        ADMIN_KEY=KEY,
        CORS_ORIGINS=pages[0],
        DEMO_TOKENS_PER_SECOND="1000",
    ) as url:
        yield url


@pytest.fixture(params=[0, 1], ids=["known", "stranger"])
def known(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == 0)


@pytest.fixture
def elsewhere(browser: Browser, pages: list[str], known: bool) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(pages[0 if known else 1])
    yield page
    context.close()


def ask(page: Page, url: str, path: str, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(ASK, {"url": url, "path": path, "options": options})
    return found


def test_a_chat_from_another_origin(elsewhere: Page, parley: str, known: bool) -> None:
    """A configured page streams an answer with its key and reads the headers; another nothing."""
    said = ask(
        elsewhere,
        parley,
        "/api/chat/stream",
        method="POST",
        body=json.dumps({"message": "hi"}),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {KEY}",
            "Idempotency-Key": os.urandom(8).hex(),
            "Last-Event-ID": "0",
            "traceparent": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01",
        },
    )
    if not known:
        assert said == {"error": "TypeError"}
        return
    assert said["status"] == 200
    assert "event: done" in said["text"]
    assert said["headers"]["x-run-id"].startswith("run_")
    assert said["headers"]["server"] is None


@pytest.mark.parametrize("path", ["/api/me", "/nope", "/v1/models", "/healthz"])
def test_errors_from_another_origin(elsewhere: Page, parley: str, known: bool, path: str) -> None:
    """Without a key a configured page reads why it is refused, and another reads not even that."""
    said = ask(elsewhere, parley, path)
    if not known:
        assert said == {"error": "TypeError"}
        return
    assert said["status"] in (200, 401, 404)
    assert said["headers"]["x-request-id"].startswith("req_")


def test_a_header_that_is_not_allowed(elsewhere: Page, parley: str, known: bool) -> None:
    """What the API has no use for does not pass the preflight, whoever asks."""
    said = ask(elsewhere, parley, "/api/me", headers={"X-Evil": "1"})
    assert said == {"error": "TypeError"}


def test_a_socket_from_another_origin(elsewhere: Page, parley: str, known: bool) -> None:
    """A configured page talks over a WebSocket; another does not get one."""
    heard = elsewhere.evaluate(TALK, {"url": parley, "key": KEY})
    if not known:
        assert heard == []
        return
    assert (heard[0], heard[-1]) == ("ready", "done")
