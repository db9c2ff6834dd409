"""Tools of MCP servers, with a real server that the official SDK makes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from app.tool_servers import ToolServer
from app.tools.tool import BadArguments, Tool, ToolFailed
from tests.cli.commands import run
from tests.providers.transport.authority import LOCAL, Authority
from tests.server.process import ROOT, environment, serving
from tests.tools.scenes import scene
from tests.tools.serving import Running, answering, running, source


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What hangs fails."""
    with gevent.Timeout(180):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as made:
        yield made


@pytest.fixture
def tools(server: Running) -> Iterator[dict[str, Tool]]:
    server.heard.clear()
    with source(server.url()) as theirs:
        yield {tool.name: tool for tool in theirs.tools()}


def call(tool: Tool, seconds: float = 60, **arguments: Any) -> Any:
    return tool.call(tool.load(json.dumps(arguments)), scene(seconds=seconds))


def test_what_a_server_offers(tools: dict[str, Tool]) -> None:
    """Its tools have names that vendors take, bounded descriptions, and their own schemas."""
    assert sorted(tools) == ["tests_add", "tests_fails", "tests_read_file_of_mine", "tests_slow"]
    add = tools["tests_add"]
    assert add.description == "Add two numbers."
    assert add.parameters["properties"]["a"]["type"] == "integer"
    assert add.parameters["required"] == ["a", "b"]
    assert len(tools["tests_read_file_of_mine"].description) == 2_000
    assert all(tool.cooperative for tool in tools.values())


def test_which_calls_need_approval(server: Running, tools: dict[str, Tool]) -> None:
    """All that are not called read-only, unless the configuration says otherwise."""
    assert [name for name, tool in tools.items() if not tool.approval] == ["tests_add"]
    assert [name for name, tool in tools.items() if tool.parallel] == ["tests_add"]
    for setting, needed in (("always", True), ("never", False)):
        with source(server.url(), approval=setting) as theirs:
            assert {tool.approval for tool in theirs.tools()} == {needed}


def test_a_call(tools: dict[str, Tool]) -> None:
    """It reaches the tool under its own name, and what it says comes back."""
    assert call(tools["tests_add"], a=1, b=2) == "3"
    assert call(tools["tests_read_file_of_mine"], size=100_000) == "y" * 100_000


def test_calls_at_once(server: Running, tools: dict[str, Tool]) -> None:
    """Callers do not wait for one another."""
    slow = tools["tests_slow"]
    waiting = [gevent.spawn(slow.call, {"seconds": 3.0}, scene()) for _ in range(4)]
    assert [each.get() for each in waiting] == ["waited"] * 4
    server.hears("finished")
    assert server.heard.index("finished") > 1


@pytest.mark.parametrize(
    "text", ['{"a": 1}', '{"a": 1, "b": "2"}', "[]", "{", '{"a": 1.5, "b": 2}']
)
def test_arguments_that_do_not_fit(tools: dict[str, Tool], text: str) -> None:
    """They are refused here, by the server's own schema."""
    with pytest.raises(BadArguments):
        tools["tests_add"].load(text)


def test_a_tool_that_fails(tools: dict[str, Tool]) -> None:
    """What it says of that is what the model is told."""
    with pytest.raises(ToolFailed, match="Error executing tool fails"):
        call(tools["tests_fails"], why="reasons")


def test_an_answer_without_an_end(tools: dict[str, Tool]) -> None:
    """What is more than two million bytes is not read."""
    with pytest.raises(ToolFailed, match="The server tests did not do it"):
        call(tools["tests_read_file_of_mine"], size=5_000_000)


def test_a_caller_that_leaves(server: Running, tools: dict[str, Tool]) -> None:
    """The server hears of it at once."""
    caller = gevent.spawn(tools["tests_slow"].call, {"seconds": 60}, scene(seconds=60))
    server.hears("begun")
    began = time.monotonic()
    caller.kill()
    server.hears("cancelled")
    assert time.monotonic() - began < 5


def test_a_call_that_takes_too_long(server: Running, tools: dict[str, Tool]) -> None:
    """The run's deadline ends it, and the server hears of it."""
    with pytest.raises(ToolFailed, match=r"The server tests did not .* in time\."):
        tools["tests_slow"].call({"seconds": 60}, scene(seconds=1))
    server.hears("cancelled")


def test_a_server_that_goes_and_comes() -> None:
    """It costs nobody a request while it is away, and its tools are there again when it is."""
    with running() as first:
        port = first.port
        with source(first.url()) as theirs:
            theirs.start()
            while theirs.trouble() is not None:
                gevent.sleep(0.01)
            [add, *_] = theirs.tools()
            first.end()
            theirs.refresh()
            began = time.monotonic()
            assert (theirs.tools(), theirs.trouble()) == ((), "It cannot be reached.")
            assert time.monotonic() - began < 2
            with pytest.raises(ToolFailed, match="It cannot be reached"):
                add.call({"a": 1, "b": 2}, scene())
            with running(port=port):
                theirs.refresh()
                assert len(theirs.tools()) == 4
                assert call(add, a=1, b=2) == "3"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.found(tmp_path_factory.mktemp("authority"))


def test_a_server_with_tls_and_a_token(authority: Authority) -> None:
    """The token opens it, over TLS that our own authorities vouch for; nothing else does."""
    authority.server()
    certificate = str(authority.file.parent / f"{LOCAL.replace(':', '-')}-2.pem")
    with running("secret-token", certificate=certificate) as secured:
        url = secured.url("localhost", "https")
        trusted = str(authority.file)
        with source(url, trusted, token="secret-token") as theirs:
            assert theirs.trouble() is None
            add = next(tool for tool in theirs.tools() if tool.name == "tests_add")
            assert call(add, a=1, b=2) == "3"
        for token in ("another", None):
            with source(url, trusted, token=token) as theirs:
                assert theirs.trouble() == "It does not let us in. Check MCP_TESTS_TOKEN."
        with source(url, token="secret-token") as theirs:
            assert theirs.trouble() == "It cannot be reached."


def _page(_environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/html")])
    return [b"<html>"]


def _elsewhere(_environ: Any, start: Any) -> list[bytes]:
    start("307 Temporary Redirect", [("Location", "http://169.254.169.254/")])
    return [b""]


def _packed(_environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [("Content-Type", "application/json"), ("Content-Encoding", "gzip")])
    return [b"\x1f\x8b"]


def _endless(_environ: Any, start: Any) -> Iterator[bytes]:
    start("200 OK", [("Content-Type", "application/json")])
    while True:
        yield b" " * 100_000
        gevent.sleep(0)


@pytest.mark.parametrize(
    ("application", "said"),
    [
        (_page, "It answers with an error: Unexpected content type"),
        (_elsewhere, "It answers with an error: Redirect to"),
        (_packed, "It answers with more than 2,000,000 bytes."),
        (_endless, "It answers with more than 2,000,000 bytes."),
    ],
)
def test_what_is_no_mcp_server(application: Any, said: str) -> None:
    """It has no tools, and a sentence says what it does; nobody is led elsewhere by it."""
    with answering(application) as url, source(url) as theirs:
        assert theirs.tools() == ()
        assert str(theirs.trouble()).startswith(said)


class TestOfAnApplication:
    """The whole way, from the configuration on."""

    @pytest.fixture
    def settings(self, server: Running) -> dict[str, Any]:
        away = ToolServer("away", "http://127.0.0.1:9/mcp")
        return {"mcp_servers": (ToolServer("tests", server.url()), away)}

    def test_its_tools_are_listed(self, client: FlaskClient) -> None:
        """Those of the server that is there; and who is not is seen where one looks for it."""
        found = [tool["name"] for tool in client.get("/api/tools").get_json()["tools"]]
        assert found[:2] == ["calculator", "current_time"]
        assert "tests_add" in found
        assert not any(name.startswith("away") for name in found)
        told = client.get("/readyz?verbose").get_json()
        assert told["tools"] == [
            {"name": "tests", "trouble": None},
            {"name": "away", "trouble": "It cannot be reached."},
        ]

    def test_doctor_names_who_is_away(self, app: Flask) -> None:
        """Each server has its line."""
        said = run(app, "doctor").stdout
        assert "✓ tools of tests: answers" in said
        assert "✗ tools of away: It cannot be reached." in said


def test_a_real_worker(server: Running, tmp_path: Path) -> None:
    """Under gunicorn the list comes by itself, and a command in a process of its own has it too."""
    configured = {"MCP_SERVERS": f"tests={server.url()}"}
    with serving(tmp_path, **configured) as parley:
        names: list[str] = []
        while "tests_add" not in names:
            gevent.sleep(0.05)
            found = requests.get(f"{parley.url}/api/tools", timeout=10).json()["tools"]
            names = [tool["name"] for tool in found]
    doctor = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "doctor"],
        env=environment(tmp_path, configured),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "✓ tools of tests: answers" in doctor.stdout, doctor.stdout + doctor.stderr


def test_a_server_that_hangs_holds_up_nobody() -> None:
    """Who asks for tools while it is asked for the first time gets those that there are: none."""

    def hang(_environ: Any, _start: Any) -> list[bytes]:
        gevent.sleep(60)
        return []

    with answering(hang) as url, source(url) as theirs:
        theirs.start()
        gevent.sleep(0.2)
        began = time.monotonic()
        assert theirs.tools() == ()
        assert theirs.trouble() == "It was not asked yet."
        assert time.monotonic() - began < 2


def test_the_sdk_is_not_loaded_for_nothing() -> None:
    """Without a server nobody waits for it."""
    program = (
        "import sys; from app import Config, create_app\n"
        "made = create_app(Config(database_url='sqlite://'))\n"
        "made.extensions['parley'].close()\n"
        "assert 'mcp' not in sys.modules and 'starlette' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=ROOT)
