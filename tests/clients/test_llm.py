"""Simon Willison's `llm`, against a real server, as a person uses it in a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.door import Door, opened

_MODELS = """\
- model_id: parley
  model_name: {model}
  api_base: {url}/v1
  api_key_name: parley
  supports_tools: true
  supports_schema: true
"""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("llm")) as door:
        yield door


def llm(door: Door, folder: Path, model: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    models = _MODELS.format(model=model, url=door.url)
    (folder / "extra-openai-models.yaml").write_text(models)
    (folder / "keys.json").write_text(json.dumps({"parley": door.key}))
    return subprocess.run(
        [sys.executable, "-m", "llm", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LLM_USER_PATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("more", [(), ("--no-stream",)])
def test_a_question(door: Door, tmp_path: Path, more: tuple[str, ...]) -> None:
    """Its answer is printed, streamed or not."""
    ended = llm(door, tmp_path, "openai/mock-3", "-m", "parley", "Hello", *more)
    assert ended.stdout.strip() == "t0 t1 t2", ended.stderr


def test_a_schema(door: Door, tmp_path: Path) -> None:
    """Data that fits the schema is printed."""
    door.upstream.saying = lambda _: '{"name": "Ada", "age": 36}'
    ended = llm(door, tmp_path, "openai/say-1", "-m", "parley", "--schema", "name, age int", "Who?")
    assert json.loads(ended.stdout) == {"name": "Ada", "age": 36}, ended.stderr


def test_a_tool(door: Door, tmp_path: Path) -> None:
    """A function is called with what the model wrote."""
    said = "def shout(word: str) -> str:\n    print('called with', word)\n    return word.upper()"
    door.upstream.calling = lambda _: '{"word": "Ada"}'
    ended = llm(
        door, tmp_path, "openai/tool-1", "-m", "parley", "Hello",
        "--functions", said, "--chain-limit", "2",
    )  # fmt: skip
    assert "called with Ada" in ended.stdout, ended.stderr


def test_an_error(door: Door, tmp_path: Path) -> None:
    """It is told in our words."""
    ended = llm(door, tmp_path, "nobody/mock-1", "-m", "parley", "Hello")
    assert ended.returncode
    assert "no provider called 'nobody'" in ended.stderr
