"""Starting: what is printed, what is refused, what the Procfile runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests

from tests.server.process import (
    ROOT,
    environment,
    free_port,
    gunicorn,
    running,
    serving,
    serving_afresh,
    wait_until_ready,
)

_KEY = "a-key-made-up-for-tests"


def refused(folder: Path, extra: Mapping[str, str], *args: str) -> str:
    """Start it, and return what it says while it gives up."""
    done = subprocess.run(
        gunicorn(*args, "wsgi:app"),
        cwd=ROOT,
        env=environment(folder, extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_address_is_printed(tmp_path: Path) -> None:
    """Whoever starts the server reads where it is, and it is there."""
    with serving_afresh(tmp_path) as server:
        assert f"Parley is ready at {server.url}\n" in server.said()


def test_nothing_is_written_to_the_home_folder(tmp_path: Path) -> None:
    """A start leaves a database where it was told to and nothing else."""
    with serving_afresh(tmp_path):
        left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"parley.db", "parley.db-wal", "parley.db-shm", "server.log"}


def test_all_bad_values_are_listed_at_once(tmp_path: Path) -> None:
    """A start that is refused names everything that is wrong, without a traceback."""
    said = refused(tmp_path, {"PORT": "none", "APP_ENV": "test", "OPENAI_BASE_URL": "nowhere"})
    assert all(name in said for name in ("PORT", "APP_ENV", "OPENAI_BASE_URL"))


def test_bad_prompts_are_refused(tmp_path: Path) -> None:
    """Prompts that are not right end the start once, with all that is wrong in one message."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text("no prompt")
    said = refused(tmp_path, {"PROMPTS_DIR": str(tmp_path)})
    assert [said.count(f"{name}.md: it must begin with") for name in ("a", "b")] == [1, 1]


def test_port_without_a_key_is_refused(tmp_path: Path) -> None:
    """Being open to the network without a key is refused, with the variable to set."""
    assert "Set ADMIN_KEY" in refused(tmp_path, {"PORT": str(free_port())})


def test_another_address_without_a_key_is_refused(tmp_path: Path) -> None:
    """gunicorn's own --bind is no way around it."""
    said = refused(tmp_path, {}, "--bind", f"0.0.0.0:{free_port()}")
    assert "Set PORT and ADMIN_KEY" in said


def test_more_than_one_worker_is_refused(tmp_path: Path) -> None:
    """Several workers without a shared memory are refused, with the variable to set."""
    assert "WEB_CONCURRENCY=1" in refused(tmp_path, {"WEB_CONCURRENCY": "2"})


def test_an_unknown_default_model_is_refused(tmp_path: Path) -> None:
    """A CHAT_MODEL of a provider that is not configured is noticed at the start."""
    assert "CHAT_MODEL" in refused(tmp_path, {"CHAT_MODEL": "openai/gpt-5-mini"})


def test_the_procfile_runs_under_honcho(tmp_path: Path) -> None:
    """`release` migrates and `web` listens on PORT, where a key is needed."""
    port = free_port()
    extra = {"PORT": str(port), "ADMIN_KEY": _KEY}
    honcho = [sys.executable, "-m", "honcho", "--procfile", str(ROOT / "Procfile")]
    subprocess.run(
        [*honcho, "run", "-e", "", "sh", "-c", "flask --app wsgi migrate"],
        cwd=ROOT,
        env=environment(tmp_path, extra),
        check=True,
        timeout=60,
        capture_output=True,
    )
    with running([*honcho, "start", "-e", "", "web"], tmp_path, extra) as server:
        server.url = f"http://127.0.0.1:{port}"
        wait_until_ready(server)
        address = f"{server.url}/api/models"
        assert requests.get(address, timeout=5).status_code == 401
        signed = requests.get(address, headers={"Authorization": f"Bearer {_KEY}"}, timeout=5)
        assert signed.json()["default"] == "demo/demo"


def test_the_release_line_is_the_migration() -> None:
    """What the test above runs by hand is what the Procfile says."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert lines["release"] == "flask --app wsgi migrate"


@pytest.mark.prove
def test_make_run_in_an_empty_clone(tmp_path: Path) -> None:
    """A newcomer's first command installs, migrates, serves; the stream has all its events."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    home = tmp_path / "home"
    home.mkdir()
    with running(["make", "run"], home, {"DATABASE_URL": ""}, cwd=clone) as server:
        server.url = "http://127.0.0.1:8000"
        wait_until_ready(server, seconds=300)  # it installs everything first
        answer = requests.post(
            f"{server.url}/api/chat/stream", json={"message": "hello"}, timeout=60
        )
    names = [line[7:] for line in answer.text.splitlines() if line.startswith("event: ")]
    numbers = [int(line[4:]) for line in answer.text.splitlines() if line.startswith("id: ")]
    assert names[0] == "start"
    assert names.count("delta") > 20
    assert names.count("done") == 1
    assert names[-1] == "done"
    assert numbers == list(range(1, len(names) + 1))


def test_a_model_that_ends_is_warned_of(tmp_path: Path) -> None:
    """Whoever chose a model that is gone or going reads it in the log, without asking it first."""
    warning = '"detail":"It was to be retired on 2020-02-01."'
    profiles = '{"demo/*": {"retires": "2020-02-01"}}'
    with serving(tmp_path, MODEL_PROFILES=profiles) as server:
        deadline = time.monotonic() + 30
        while warning not in server.said() and time.monotonic() < deadline:
            time.sleep(0.05)
        [line] = [line for line in server.said().splitlines() if warning in line]
    assert json.loads(line)["model"] == "demo/demo"
    assert json.loads(line)["level"] == "warning"
