"""What the log says, and what it never says. In a process of its own, as a log is of a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_MESSAGE = "a-private-question"
_SYSTEM = "a-private-instruction"
_ISSUED = "parley_[A-Za-z0-9_-]{43}"
_KEYS = ("an-admin-key-that-is-secret", "sk-provider-key-that-is-secret")

_SCRIPT = """
from gevent import monkey; monkey.patch_all()
import sys
from app import Config, create_app
from app.config import CompatibleServer
from app.profiles import Profile
from tests.upstream import Upstream

message, system, admin, key, folder = sys.argv[1:]

class Broken:
    name = "broken"
    def stream(self, request):
        yield [1 / (len(request.messages) - 1)]
    def profile(self, model):
        return Profile(context_window=8192)
    def close(self):
        pass

with Upstream() as upstream:
    url = f"{upstream.url}/v1"
    app = create_app(Config(
        database_url=f"sqlite:///{folder}/parley.db", log_level="DEBUG", admin_key=admin,
        port=8000, openai_base_url=url, openai_api_key=key, read_timeout=0.2,
        compatible=(CompatibleServer("own", url, key),), demo_tokens_per_second=1e5))
    services = app.extensions["parley"]
    services.providers["broken"] = Broken()
    client = app.test_client()
    kinds = "mock-5 status-401 cut-2 status-500 broken-2 error-2 html-0 stall-1".split()
    models = [f"own/{kind}" for kind in kinds] + [f"openai/{kind}" for kind in kinds[:3]]
    key_sent = {"Authorization": f"Bearer {admin}"}
    key_wrong = {"Authorization": f"Bearer {admin}x"}
    for model in ("demo", "broken/x", *models):
        body = {"message": message, "system": system, "model": model}
        for route in ("/api/chat", "/api/chat/stream"):
            answer = client.post(route, json=body, headers=key_sent, buffered=True)
            print(route, model, answer.status_code, len(answer.get_data()))
            client.post(route, json=body, headers=key_wrong, buffered=True)
    body = '{"message": "' + message
    client.post("/api/chat", data=body, content_type="application/json",
                headers=key_sent, buffered=True)
    client.get("/api/conversations?q=" + message, headers=key_sent, buffered=True)
    client.get("/api/conversations/conv_none", headers=key_sent, buffered=True)
    made = client.post("/api/admin/keys", json={"owner": "ada"}, headers=key_sent).get_json()
    turned = client.post(f"/api/admin/keys/{made['id']}/rotate", json={"overlap_seconds": 60},
                         headers=key_sent).get_json()
    for key in (made["key"], turned["key"], turned["key"][:-1] + "-"):
        print("made", key)
        issued = {"Authorization": f"Bearer {key}"}
        client.get("/api/me", headers=issued)
        client.get(f"/api/me?api_key={key}")
        client.get(f"/api/conversations?cursor={key}", headers=issued)
        client.get(f"/api/conversations/{key}", headers=issued)
        client.get(f"/{key}", headers=issued)
        client.post("/api/conversations/x/regenerate", json={"model": key}, headers=issued)
        client.post("/api/admin/keys", json={"owner": key * 2, key: key}, headers=key_sent)
        client.patch(f"/api/admin/keys/{key}", json={"name": key, key: key}, headers=key_sent)
    client.delete(f"/api/admin/keys/{made['id']}", headers=key_sent)
    client.get("/api/me", headers={"Authorization": f"Bearer {made['key']}"})
    services.database.write(lambda tx: tx.exec_driver_sql("DROP TABLE messages") and None)
    services.database.write(lambda tx: tx.exec_driver_sql("DROP TABLE keys") and None)
    client.get("/api/me", headers={"Authorization": f"Bearer {made['key'][:-1]}_"})
    client.post("/api/admin/keys", json={"owner": "ada"}, headers=key_sent)
    client.post("/api/chat", json={"message": message}, headers=key_sent, buffered=True)
    services.close()
"""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The log of chats that went well and of chats that failed in every way."""
    folder = str(tmp_path_factory.mktemp("logs"))
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, _MESSAGE, _SYSTEM, *_KEYS, folder],
        cwd=_ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.count("/api/chat") == 26, done.stderr
    assert len(re.findall(f"^made {_ISSUED}", done.stdout, re.MULTILINE)) == 3
    return done.stderr.splitlines()


@pytest.fixture(scope="module")
def entries(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.mark.parametrize("secret", [_MESSAGE, _SYSTEM, *_KEYS, "sk-secret", "t0 t1"])
def test_no_text_and_no_key(lines: list[str], secret: str) -> None:
    """Whatever failed, no line holds what was said, what was answered, or any key."""
    assert [line for line in lines if secret in line] == []


def test_no_key_that_was_issued(lines: list[str]) -> None:
    """Right, wrong, rotated or revoked, in a header, an address or a body: no line has any key."""
    assert [line for line in lines if re.search("parley_[A-Za-z0-9_-]{5}", line)] == []


def test_every_line_is_json(lines: list[str]) -> None:
    """Nothing but JSON objects is written, not even by a library that meets an error of ours."""
    assert [line for line in lines if not line.startswith("{")] == []


def test_every_line_says_what_and_when(entries: list[dict[str, Any]]) -> None:
    """Each has the event, its time and its level."""
    assert entries
    for entry in entries:
        assert {"event", "timestamp", "level"} <= set(entry)


def test_a_run_tells_how_it_ended(entries: list[dict[str, Any]]) -> None:
    """Each run has one line with its model, state, code and tokens."""
    ended = [entry for entry in entries if entry["event"] == "run_ended"]
    codes = {entry["model"]: entry["code"] for entry in ended}
    assert codes["demo/demo"] is None
    assert codes["broken/x"] == "internal_error"
    assert codes["own/cut-2"] == codes["openai/cut-2"] == "provider_cut_off"
    assert all(isinstance(entry["output_tokens"], int) for entry in ended)


def test_what_a_run_says_is_found_by_its_request(entries: list[dict[str, Any]]) -> None:
    """The request id, which an error sends the caller to the log with, is on the run's lines."""
    told = [entry for entry in entries if entry["event"] in ("run_ended", "run_broke")]
    assert [entry for entry in told if not str(entry.get("request_id")).startswith("req_")] == []


def test_every_request_has_its_line(entries: list[dict[str, Any]]) -> None:
    """Each request has one line with route and status, also those that were turned away."""
    seen = [(e["route"], e["status"]) for e in entries if e["event"] == "request"]
    assert seen.count(("/api/chat", 401)) == seen.count(("/api/chat/stream", 401)) == 13
    assert ("/api/chat", 200) in seen
    assert ("/api/chat", 400) in seen
    assert ("/api/conversations", 200) in seen


def test_a_fault_of_ours_is_in_the_log(entries: list[dict[str, Any]]) -> None:
    """What broke inside is there with its traceback, which shows no local variable."""
    broke = [entry for entry in entries if entry["event"] == "run_broke"]
    assert len(broke) == 2
    for entry in broke:
        assert entry["exception"][0]["exc_type"] == "ZeroDivisionError"
        assert not any(frame.get("locals") for frame in entry["exception"][0]["frames"])
