"""What the README shows is tried as it stands there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.process import ROOT, Server, require, serving_afresh

README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving_afresh(tmp_path_factory.mktemp("readme")) as running:
        yield running


def shape(stream: str) -> list[str]:
    """A stream's lines with the values of ids and the texts left out."""
    return [re.sub(r"_[0-9a-f…]{8,}", "_ID", line) for line in stream.splitlines()]


def test_the_curl_gives_what_is_shown(server: Server) -> None:
    """The README's curl, pointed at a server, prints the frames that the README shows."""
    require("curl")
    found = re.search(r"^    (curl -N .*?)\n\n```\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    assert found is not None
    command = found[1].replace("http://127.0.0.1:8000", server.url)
    printed = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    beginning, _, end = found[2].partition("…\n\nid:")
    assert shape(printed)[: len(shape(beginning))] == shape(beginning)
    assert printed.split("\n\n")[-3] == ("id:" + end).split("\n\n")[0]


def test_the_browser_code_reads_the_stream(server: Server, tmp_path: Path) -> None:
    """The README's 15 lines, run by Node, show the demo model's answer."""
    node = require("node")
    found = re.search(r"```js\n(.*?)```", README, re.DOTALL)
    assert found is not None
    script = found[1].replace('Ada." })', f'Ada." }}, {{ base: "{server.url}" }})')
    (tmp_path / "read.mjs").write_text(
        "let said = '';\nconst show = text => said += text;\nconst complain = console.error;\n"
        + script
        + "\nconsole.log(said);"
    )
    run = subprocess.run(
        [node, "read.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stderr == ""
    assert run.stdout.rstrip().endswith("You said: My name is Ada.")
