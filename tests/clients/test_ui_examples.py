"""The examples of `docs/clients.md` for parley.js and the AI SDK, as they stand there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.clients.door import CLIENTS
from tests.clients.test_examples import example, printed
from tests.server.process import Server, require, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("examples")) as running:
        yield running


def test_parley_js(server: Server, tmp_path: Path) -> None:
    """It prints the conversation, the answer and how it ended. (Node imports from files alone.)"""
    node, code = require("node"), example("parley.js", "js", server)
    address = f"{server.url}/parley.js"
    assert address in code
    (tmp_path / "parley.mjs").write_text(requests.get(address, timeout=30).text)
    (tmp_path / "example.mjs").write_text(code.replace(address, "./parley.mjs"))
    said = printed(node, "example.mjs", cwd=tmp_path).split("\n")
    assert said[0].startswith("conv_")
    assert " Ada." in said
    assert said[-2] == "stop 0"


def test_the_ai_sdk(server: Server, tmp_path: Path) -> None:
    """It prints the answer, its tokens and its cost."""
    node = require("node")
    if not (CLIENTS / "node_modules").exists():
        pytest.skip("The clients are not installed; the tests of the SDKs do that.")
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    (tmp_path / "example.mjs").write_text(example("React useChat", "js", server))
    said = printed(node, "example.mjs", cwd=tmp_path)
    assert "You said: My name is Ada. 37 0" in said
