"""What `docs/clients.md` shows is tried as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.schemas.openai_chat import ChatCompletionBody
from app.schemas.openai_fields import Ignored
from app.schemas.openai_responses import ResponseBody
from tests.clients.door import CLIENTS
from tests.server.process import ROOT, Server, require, serving

_PAGE = (ROOT / "docs" / "clients.md").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("examples")) as running:
        yield running


def example(title: str, language: str, server: Server) -> str:
    section = _PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1].replace("http://127.0.0.1:8000", server.url)


def printed(
    *command: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_curl(server: Server) -> None:
    """It prints an answer."""
    require("curl")
    said = printed("sh", "-c", example("curl", "sh", server))
    assert "You said: My name is Ada." in said


def test_python(server: Server, tmp_path: Path) -> None:
    """The whole of it runs: text, stream, data, response, models."""
    code = example("OpenAI's SDK for Python", "python", server)
    said = printed(sys.executable, "-c", code, cwd=tmp_path)
    assert said.count("You said: My name is Ada.") == 3
    assert "full_name='Ada Lovelace' email='ada@example.com'" in said
    assert "demo/demo" in said.splitlines()[-1]


def test_node(server: Server, tmp_path: Path) -> None:
    """It streams, and the error is the one that its comment names."""
    node = require("node")
    code = example("OpenAI's SDK for Node", "js", server)
    (tmp_path / "example.mjs").write_text(code)
    if not (CLIENTS / "node_modules").exists():
        subprocess.run([require("npm"), "ci", "--no-audit", "--no-fund"], cwd=CLIENTS, check=True)
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    said = printed(node, "example.mjs", cwd=tmp_path)
    assert "You said: My name is Ada." in said
    assert "NotFoundError model_not_found model" in said


def test_langchain(server: Server, tmp_path: Path) -> None:
    """It answers, whole and as a stream."""
    said = printed(sys.executable, "-c", example("LangChain", "python", server), cwd=tmp_path)
    assert said.count("You said: My name is Ada.") == 2


def test_llm(server: Server, tmp_path: Path) -> None:
    """It answers, and gives data by a schema."""
    (tmp_path / "extra-openai-models.yaml").write_text(example("llm", "yaml", server))
    folder = {"LLM_USER_PATH": str(tmp_path), "OPENAI_API_KEY": "none"}
    section = _PAGE.split("\n## llm\n")[1]
    for command, mark in zip(
        re.findall(r"^    llm (-m .*)$", section, re.MULTILINE),
        ("You said: My name is Ada.", '"ada@example.com"'),
        strict=True,
    ):
        line = f"{sys.executable} -m llm {command}"
        assert mark in printed("sh", "-c", line, cwd=tmp_path, environment=folder)


@pytest.mark.parametrize("body", [ChatCompletionBody, ResponseBody])
def test_what_is_ignored_is_told(body: type) -> None:
    """Every field that is taken and ignored stands in the page."""
    ignored = [name for name, field in body().fields.items() if isinstance(field, Ignored)]
    assert [name for name in ignored if f"`{name}`" not in _PAGE] == []
