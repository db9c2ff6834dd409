"""After a deletion nothing that somebody said is left: in no file, no dump, no log."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests

from app.events import collect
from app.runs import codec
from app.storage.database import connect
from app.storage.migrate import migrate
from tests.cluster import redis_server
from tests.cluster.redis_server import RedisServer
from tests.server.process import Server, serving
from tests.storage import postgresql
from tests.upstream import Upstream

_BETWEEN = re.compile(rb"[^a-z0-9]+")
_ADA, _EVE = {"X-User-ID": "ada"}, {"X-User-ID": "eve"}


class Marks:
    """Words that nobody else says."""

    def __init__(self) -> None:
        self.every: list[str] = []

    def __call__(self) -> str:
        self.every.append(f"mark{secrets.token_hex(6)}")
        return self.every[-1]

    def found(self, content: Mapping[str, bytes]) -> dict[str, int]:
        """How many of them are in each of the places, also cut into pieces, as answers are."""
        found = {name: self._count(data, _BETWEEN.sub(b"", data)) for name, data in content.items()}
        return {name: count for name, count in found.items() if count}

    def _count(self, *contents: bytes) -> int:
        return sum(any(mark.encode() in data for data in contents) for mark in self.every)


class Caller:
    """A user of the server's key, who comes again when told to: other tests' databases are busy."""

    def __init__(self, server: Server, key: str, user: Mapping[str, str]) -> None:
        self.url = server.url
        self._headers = {"Authorization": f"Bearer {key}", **user}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        said = {**self._headers, **headers}
        for _ in range(3):
            answer = requests.request(method, self.url + path, json=body, headers=said, timeout=60)
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                break
            gevent.sleep(float(answer.headers["Retry-After"]))
        assert answer.ok, (path, answer.text[:300])
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.content


def says(caller: Caller, mark: Marks) -> None:
    """All that leaves a trace somewhere; the model repeats what it is told."""
    model = {"model": "openai/say-1"}
    chat = {**model, "message": f"I am {mark()}.", "system": f"You are {mark()}."}
    said = caller("POST", "/api/chat", chat)
    place = {"conversation_id": said["conversation_id"]}
    caller(
        "POST",
        "/api/chat/stream",
        {**model, **place, "message": f"And {mark()}, cached.", "cache": True},
    )
    caller("POST", "/api/chat", {**model, "message": mark()}, **{"Idempotency-Key": mark()})
    caller("PATCH", f"/api/conversations/{place['conversation_id']}", {"title": mark()})
    rated = {"message_id": said["message"]["id"], "rating": "down", "comment": mark()}
    caller("POST", "/api/feedback", rated)
    caller("POST", "/api/prompts/summarize", {**model, "variables": {"text": mark()}})
    caller("POST", "/api/extract/stream", {"schema": "contact", "text": f"Ada {mark()}"})
    caller(
        "POST", "/v1/chat/completions", {**model, "messages": [{"role": "user", "content": mark()}]}
    )
    caller("POST", "/api/chat", {**model, "message": mark(), "store": False})


def deleted(server: Server, key: str, mark: Marks) -> None:
    """One user says a lot, and has it deleted while an answer of theirs is under way."""
    ada, eve = Caller(server, key, _ADA), Caller(server, key, _EVE)
    says(ada, mark)
    eve("POST", "/api/chat", {"message": "What eve says stays."})
    body = {"model": "openai/slow-2-say-1", "message": mark(), "on_disconnect": "finish"}
    under_way = gevent.spawn(ada, "POST", "/api/chat/stream", body)
    gevent.sleep(0.5)
    assert len(ada("GET", "/api/conversations")["conversations"]) >= 4
    ada("DELETE", "/api/me/data")
    under_way.join(20)
    gevent.sleep(1.5)  # what was on its way somewhere is there
    assert len(eve("GET", "/api/conversations")["conversations"]) == 1


@contextmanager
def installation(folder: Path, redis: RedisServer, **extra: str) -> Iterator[tuple[Server, str]]:
    """A server with two workers, and a key for users."""
    with Upstream(saying=_repeats) as upstream:
        settings = {
            "REDIS_URL": redis.url,
            "WEB_CONCURRENCY": "2",
            "ADMIN_KEY": "a-key-of-the-tests",
            "OPENAI_BASE_URL": f"{upstream.url}/v1",
            "LOG_LEVEL": "DEBUG",
            **extra,
        }
        with serving(folder, **settings) as server:
            made = requests.post(
                f"{server.url}/api/admin/keys",
                json={"owner": "shop", "scopes": ["chat", "extract", "users"]},
                headers={"Authorization": "Bearer a-key-of-the-tests"},
                timeout=30,
            )
            yield server, made.json()["key"]


def _repeats(body: dict[str, Any]) -> str:
    return f"You said: {body['messages'][-1]['content']}"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def dumped(redis: RedisServer, folder: Path) -> dict[str, bytes]:
    """What it would write to its disk, and what it has in each key."""
    with redis.client() as client:
        client.config_set("rdbcompression", "no")
        client.save()
        values = {f"redis {key.decode()}": _value(client, key) for key in client.scan_iter()}
    return {"redis": (folder / "dump.rdb").read_bytes(), **values}


def _value(client: Any, key: bytes) -> bytes:
    if client.type(key) == b"stream":
        entries = [fields for _, fields in client.xrange(key)]
        said = collect(event for e in entries if b"e" in e for event in codec.decode(e[b"e"]))
        return said.text.encode() + b"".join(b"".join(fields.values()) for fields in entries)
    return bytes(client.get(key) or b"") if client.type(key) == b"string" else client.dump(key)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    with redis_server.running(tmp_path / "redis") as server:
        yield server


def test_on_sqlite(tmp_path: Path, redis: RedisServer) -> None:
    """Neither the database's file nor its log, Redis, the spool or the server's log has a word."""
    folder, mark = tmp_path / "server", Marks()
    folder.mkdir()
    with installation(folder, redis) as (server, key):
        says(Caller(server, key, _ADA), mark)
        there = {**files(folder), **dumped(redis, tmp_path / "redis")}
        kinds = {name.rpartition(":")[0] for name in mark.found(there)}
        assert {"redis parley:run", "redis parley:answer"} <= kinds, kinds
        assert any("parley.db" in name for name in mark.found(there))
        deleted(server, key, mark)
        assert mark.found({**files(folder), **dumped(redis, tmp_path / "redis")}) == {}
    assert mark.found(files(folder)) == {}
    assert b"What eve says stays." in b"".join(files(folder).values())


def test_on_postgresql(tmp_path: Path, redis: RedisServer) -> None:
    """Neither a dump of the database, nor Redis, nor the server's log has a word."""
    folder, mark = tmp_path / "server", Marks()
    folder.mkdir()
    with ExitStack() as stack:
        database = stack.enter_context(postgresql.serving())
        made = connect(database.url)
        migrate(made)
        made.close()
        server, key = stack.enter_context(installation(folder, redis, DATABASE_URL=database.url))
        says(Caller(server, key, _ADA), mark)
        assert mark.found(_dump(database))
        deleted(server, key, mark)
        left = {**_dump(database), **files(folder), **dumped(redis, tmp_path / "redis")}
        assert mark.found(left) == {}
        assert b"What eve says stays." in left["postgresql"]


def _dump(database: postgresql.Server) -> dict[str, bytes]:
    command = [str((database.programs / "initdb").resolve().with_name("pg_dump")), database.url]
    return {"postgresql": subprocess.run(command, capture_output=True, check=True).stdout}
