"""The image, as far as it can be known without making it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.deploy.written import DEPLOY, dockerfile, image_variables, stage, the
from tests.server.process import (
    ROOT,
    environment,
    free_port,
    require,
    running,
    serving,
    wait_until_ready,
)

_HERE = Path(__file__).parent
_FILE = DEPLOY / "Dockerfile"
_BASE = [it.text.split()[0] for it in dockerfile() if it.name == "FROM"]


def _complaints(file: Path) -> list[str]:
    """Of a linter, installed once as its lock file says."""
    node = require("node")
    if not (_HERE / "node_modules").exists():
        subprocess.run([require("npm"), "ci", "--no-audit", "--no-fund"], cwd=_HERE, check=True)
    command = [node, str(_HERE / "lint.mjs"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    complaints: list[str] = json.loads(done.stdout)
    return complaints


def test_it_is_well_formed() -> None:
    """A linter has nothing to say against the file."""
    assert _complaints(_FILE) == []


@pytest.mark.parametrize(("right", "wrong"), [("USER ", "USR "), ("--interval", "--intrval")])
def test_the_linter_is_not_blind(tmp_path: Path, right: str, wrong: str) -> None:
    """A misspelt instruction and a misspelt flag are seen."""
    spoiled = tmp_path / "Dockerfile"
    spoiled.write_text(_FILE.read_text().replace(right, wrong))
    assert len(_complaints(spoiled)) == 1


@pytest.mark.parametrize("image", _BASE)
def test_the_base_has_a_version(image: str) -> None:
    """Each stage begins with the slim image of the Python that the Procfile's hosts take."""
    wanted = (ROOT / ".python-version").read_text().strip()
    assert re.fullmatch(rf"python:{re.escape(wanted)}(\.\d+)?-slim-[a-z]+", image)


def test_the_user_is_nobody_special() -> None:
    """The process starts as a user with a number, which is not root's; no later line undoes it."""
    user, group = the("USER").text.split(":")
    assert min(int(user), int(group)) >= 1000
    assert f"--uid {user} " in next(it.text for it in stage() if "useradd" in it.text)


def test_the_process_gets_the_signals() -> None:
    """The image runs gunicorn itself, with the Procfile's words, and is stopped by SIGTERM."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert the("CMD").words == lines["web"].split()
    assert the("STOPSIGNAL").text == "SIGTERM"
    assert "ENTRYPOINT" not in {it.name for it in stage()}


def test_what_is_installed_is_pinned() -> None:
    """Packages come with their hashes, as wheels, from no host that is named."""
    (command,) = [
        it.text for it in dockerfile() if "requirements.txt" in it.text and it.name == "RUN"
    ]
    assert {"--require-hashes", "--only-binary"} <= set(command.split())
    assert re.search(r"://|--(extra-)?index-url|--find-links", command) is None
    assert re.search(r"(?m)^(-|.*@ )", (ROOT / "requirements.txt").read_text()) is None


def test_no_tools_are_left() -> None:
    """The image gets no compiler, and loses the base's pip."""
    runs = " ".join(it.text for it in stage() if it.name == "RUN")
    assert "pip uninstall --yes" in runs
    assert re.search(r"apt|curl|wget|gcc|pip3? install", runs) is None


def _copied() -> set[str]:
    """From where the image is made, not from another stage."""
    lines = [it.text.split() for it in dockerfile() if it.name == "COPY"]
    return {word for words in lines if not words[0].startswith("--from") for word in words[:-1]}


def test_what_is_copied_is_what_is_let_in() -> None:
    """.dockerignore shuts everything out but what the Dockerfile copies, all of which exists."""
    patterns = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert patterns[0] == "*"
    assert {line[1:] for line in patterns if line.startswith("!")} == _copied()
    assert all((ROOT / name).exists() for name in _copied())


def test_it_holds_no_secret() -> None:
    """The variables that are made into the image say where, and not how to get in."""
    named = {"PATH", "PYTHONUNBUFFERED", "SPOOL_DIR", "PORT", "DATABASE_URL"}
    assert set(image_variables()) == named
    assert image_variables()["DATABASE_URL"].startswith("sqlite:////data/")
    assert "ARG" not in {it.name for it in dockerfile()}


def _health(port: str, folder: Path) -> int:
    words = the("HEALTHCHECK").words
    assert words is not None
    assert words[0] == "python"
    return subprocess.run(
        [sys.executable, *words[1:]],
        env=environment(folder, {"PORT": port, "http_proxy": "http://127.0.0.1:1"}),
        capture_output=True,
        timeout=20,
        check=False,
    ).returncode


def test_the_health_check_asks(tmp_path: Path) -> None:
    """The image's own command finds a server healthy, past a proxy that is set, and else fails."""
    with serving(tmp_path) as running:
        assert _health(running.url.rpartition(":")[2], tmp_path) == 0
    assert _health(str(free_port()), tmp_path) != 0


def test_what_is_copied_is_enough(tmp_path: Path) -> None:
    """In a folder with these files alone the image's command serves the API and the page."""
    made, port = tmp_path / "parley", free_port()
    made.mkdir()
    for name in _copied() - {"requirements.txt"}:
        (made / name).symlink_to(ROOT / name)
    extra = {"PYTHONPATH": "", "PORT": str(port), "ADMIN_KEY": "a-key-made-up-for-tests"}
    command = the("CMD").words
    assert command is not None
    with running(command, tmp_path, extra, cwd=made) as server:
        server.url = f"http://127.0.0.1:{port}"
        wait_until_ready(server)
        assert requests.get(server.url, timeout=5).headers["Content-Type"].startswith("text/html")
