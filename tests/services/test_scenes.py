"""What tools may use of their surroundings, from whichever thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.threadpool import ThreadPool

from app.errors import BadInput
from app.messages import user
from app.services.fetching import Fetcher
from app.services.scenes import Scenes
from app.storage import conversations, messages
from app.storage.database import Database, connect
from app.tools.shipped.conversations import search_conversations
from app.tools.tool import Scene
from tests.storage.databases import fresh
from tests.tools.scenes import ADA, called

_LONG = "before " * 100 + "the Needle " + "after " * 100


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Database]:
    """Ada and Bob have talked."""
    database = connect(fresh(tmp_path))

    def talk(tx: Any) -> None:
        for owner, title, said in (
            ("ada", "About hay", [_LONG, "no", "a needle again"]),
            ("ada", "A NEEDLE in the title", ["nothing"]),
            ("ada", "About straw", ["straw"]),
            ("bob", "Needles of Bob", ["needle"]),
            ("ada", "100% sure", ["50% or 100%_"]),
        ):
            made = conversations.create(tx, owner, title, None)
            for text in said:
                messages.add(tx, made.id, messages.said_by_user(None, user(text).text))

    database.write(talk)
    yield database
    database.close()


def scene(database: Database, conversation_id: str | None = None, owner: str = "ada") -> Scene:
    scenes = Scenes(database, Fetcher())
    return scenes.of(replace(ADA, owner=owner), "run_1", conversation_id, 0.0)


def test_the_callers_own_conversations(told: Database) -> None:
    """They are found by what was said and by their titles, whatever the case; nobody else's are."""
    found = called(search_conversations, '{"query": "needle"}', scene(told))
    assert {each["title"] for each in found} == {"A NEEDLE in the title", "About hay"}
    assert called(search_conversations, '{"query": "needle"}', scene(told, owner="carol")) == []


def test_passages(told: Database) -> None:
    """Of each there are the newest messages in which it occurs, cut to what is around it."""
    found = {each["title"]: each for each in scene(told).search("needle", 5)}
    assert found["A NEEDLE in the title"]["said"] == []
    again, first = found["About hay"]["said"]
    assert again == {"role": "user", "text": "a needle again"}
    assert first["text"].startswith("…")
    assert first["text"].endswith("…")
    assert "before the Needle after" in first["text"]
    assert len(first["text"]) < 420
    assert found["About hay"]["updated_at"].endswith("+00:00")


def test_its_own_conversation(told: Database) -> None:
    """What is being talked about is not found in itself, and takes nobody's place."""
    [newest, *_] = scene(told).search("needle", 1)
    [other] = scene(told, newest["conversation_id"]).search("needle", 1)
    assert other["title"] != newest["title"]


def test_what_means_something_to_a_database(told: Database) -> None:
    """It is looked for as it is written."""
    assert [each["title"] for each in scene(told).search("100%", 5)] == ["100% sure"]
    assert scene(told).search("0%_%", 5) == []


@pytest.fixture
def threads() -> Iterator[ThreadPool]:
    pool = ThreadPool(3)
    yield pool
    pool.kill()


def test_other_threads(told: Database, threads: ThreadPool) -> None:
    """A tool in a thread finds the same, several at a time, and the loop goes on meanwhile."""
    surroundings = scene(told)
    expected = surroundings.search("needle", 5)
    with gevent.Timeout(30):
        waiting = [threads.spawn(surroundings.search, "needle", 5) for _ in range(9)]
        assert [each.get() for each in waiting] == [expected] * 9


def test_errors_in_other_threads(told: Database, threads: ThreadPool) -> None:
    """What is refused is refused there."""
    with gevent.Timeout(30), pytest.raises(BadInput, match="by https"):
        threads.apply(scene(told).fetch, ("ftp://a.test/", "*/*", 10, 5.0))
