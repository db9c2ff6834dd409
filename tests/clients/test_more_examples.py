"""The examples of `docs/clients.md` for Anthropic's SDKs and the WebSocket, as they stand there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.schemas.anthropic_messages import MessagesBody
from app.schemas.openai_fields import Ignored
from tests.clients.door import CLIENTS
from tests.clients.test_examples import example, printed
from tests.server.process import ROOT, Server, require, serving

_SDKS = "Anthropic's SDKs"
_SAID = "You said: My name is Ada."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("examples")) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the clients from npm are found, if they are there."""
    require("node")
    if not (CLIENTS / "node_modules").exists():
        pytest.skip("The clients are not installed; the tests of the SDKs do that.")
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    return tmp_path


def test_python(server: Server, tmp_path: Path) -> None:
    """It answers, whole and as a stream, and counts."""
    said = printed(sys.executable, "-c", example(_SDKS, "python", server), cwd=tmp_path)
    assert said.count(_SAID) == 2
    assert int(said.splitlines()[-1].removeprefix(_SAID)) > 0


def test_node(server: Server, folder: Path) -> None:
    """It streams, and tells how it ended."""
    (folder / "example.mjs").write_text(example(_SDKS, "js", server))
    said = printed("node", "example.mjs", cwd=folder)
    assert _SAID in said
    assert said.endswith("end_turn\n")


def test_a_websocket(server: Server, folder: Path) -> None:
    """It hears an answer, piece by piece; a browser's WebSocket is the same."""
    address = server.url.replace("http", "ws", 1)
    code = example("WebSocket", "js", server).replace("ws://127.0.0.1:8000", address)
    (folder / "example.mjs").write_text(f'import {{ WebSocket }} from "ws";\n{code}')
    said = printed("node", "example.mjs", cwd=folder)
    assert "Ada." in said


def test_what_is_ignored_is_told() -> None:
    """Every field that is taken and ignored stands in the page."""
    page = (ROOT / "docs" / "clients.md").read_text()
    ignored = [name for name, field in MessagesBody().fields.items() if isinstance(field, Ignored)]
    assert ignored
    assert [name for name in ignored if f"`{name}`" not in page] == []
