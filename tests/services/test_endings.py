"""An ending is kept once, wherever and whenever the database breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import msgspec
import pytest

from app.errors import NotFound, Unavailable
from app.ids import new_id
from app.services.endings import Ending, Endings
from app.storage import conversations, messages, runs
from app.storage.database import Database, Transaction, connect
from app.storage.migrate import migrate
from app.storage.spool import Spool
from tests.metering.money_at_work import ledger
from tests.server.process import free_port
from tests.services.ending import COST, HELD, begin, begun, held_and_spent, kept
from tests.storage import postgresql
from tests.storage.conftest import database, server, sqlite
from tests.storage.proxy import Cut, Proxy

__all__ = ["database", "server", "sqlite"]


class Breaking:
    """A database that is out of reach while `away`."""

    def __init__(self, database: Database) -> None:
        self.engine = database.engine
        self.read, self.report, self.alone = database.read, database.report, database.alone
        self._database = database
        self.away = False

    def write(self, work: Callable[[Transaction], object]) -> object:
        if self.away:
            raise Unavailable("The database does not answer.", retry_after=2)
        return self._database.write(work)

    def jot(self, work: Callable[[Transaction], object]) -> object:
        return self.write(work)

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.fixture
def breaking(database: Database) -> Breaking:
    return Breaking(database)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool")
    yield made
    made.close()


@pytest.fixture
def endings(breaking: Breaking, spool: Spool) -> Endings:
    return Endings(breaking, ledger(breaking), spool)  # type: ignore[arg-type]


def is_kept(database: Database, ending: Ending) -> None:
    """Run, answer and ledger are what the ending says, once."""
    state, said, calls = kept(database, ending)
    assert state == ending.state
    assert said == [ending.message]
    assert [(call.state, call.cost, call.output_tokens) for call in calls] == [("ok", COST, 3)]


def test_at_once(database: Database, endings: Endings, tmp_path: Path) -> None:
    """While the database is there, the disk is not touched."""
    ending = begun(database)
    assert endings.store(ending)
    is_kept(database, ending)
    assert held_and_spent(database) == (0, COST)
    assert endings.bring_in() == 0
    assert not (tmp_path / "spool").exists()


def test_later(database: Database, breaking: Breaking, endings: Endings) -> None:
    """What is put by is brought in when the database is back, in its order, and only once."""
    made = [begun(database) for _ in range(5)]
    breaking.away = True
    assert all(endings.store(ending) for ending in made)
    with pytest.raises(Unavailable):
        endings.bring_in()
    breaking.away = False
    assert endings.bring_in() == 5
    for ending in made:
        is_kept(database, ending)
    touched = database.read(lambda tx: conversations.page(tx, "ada", 10, None, None))
    times = {found.id: found.updated_at for found in touched.conversations}
    assert sorted(times.values()) == [times[ending.conversation_id] for ending in made]
    assert endings.bring_in() == 0
    assert held_and_spent(database) == (0, 5 * COST)


def test_twice(database: Database, breaking: Breaking, endings: Endings) -> None:
    """An ending that was stored, though nobody heard of it, is not stored again."""
    ending = begun(database)
    assert endings.store(ending)
    breaking.away = True
    endings.store(ending)
    breaking.away = False
    assert endings.bring_in() == 1
    is_kept(database, ending)
    assert held_and_spent(database) == (0, COST)


def test_calls_alone(database: Database, breaking: Breaking, endings: Endings) -> None:
    """What calls of a run came to that is not kept is written now, or when the database is back."""
    now, later = begun(database), begun(database)
    endings.settle(now.run_id, [now.bill])
    assert held_and_spent(database) == (HELD, COST)
    breaking.away = True
    endings.settle(later.run_id, [later.bill])
    breaking.away = False
    assert endings.bring_in() == 1
    assert held_and_spent(database) == (0, 2 * COST)


@pytest.mark.parametrize("partial", [True, False])
def test_taken_for_dead(database: Database, endings: Endings, partial: bool) -> None:
    """Who comes to store what another has ended hears of it; nothing is there twice, or lost."""
    ending = begun(database)
    cut = interrupted(database, ending, partial=partial)
    assert not endings.store(ending)
    state, (said,), (call,) = kept(database, ending)
    assert (state, said.status, call.state) == ("interrupted", "incomplete", "ok")
    assert said.parts == (cut.parts if cut else ending.message.parts)
    assert held_and_spent(database) == (0, COST)


@pytest.mark.parametrize("partial", [True, False])
def test_what_was_promised_is_kept(
    database: Database, breaking: Breaking, endings: Endings, partial: bool
) -> None:
    """An answer that was `done` to its reader replaces what another has made of it meanwhile."""
    ending = begun(database)
    breaking.away = True
    assert endings.store(ending)
    interrupted(database, ending, partial=partial)
    breaking.away = False
    endings.bring_in()
    is_kept(database, ending)
    assert held_and_spent(database) == (0, COST)


def interrupted(
    database: Database, ending: Ending, *, partial: bool
) -> messages.StoredMessage | None:
    """As another worker ends it, which may know some of what was said."""
    cut = msgspec.structs.replace(
        ending.message, parts=ending.message.parts[:0], status="incomplete", usage=None
    )

    def work(tx: Transaction) -> None:
        runs.finish(tx, ending.run_id, "openai/gpt-4o", "interrupted", [])
        if partial:
            messages.add(tx, ending.conversation_id, cut)
        ledger(database).abandon(tx, ending.run_id)

    database.write(work)
    return cut if partial else None


def test_deleted_meanwhile(database: Database, breaking: Breaking, endings: Endings) -> None:
    """The answer goes with its conversation, at once or later; the money is booked."""
    now, later = begun(database), begun(database)
    for ending in (now, later):
        gone = ending.conversation_id
        database.write(lambda tx, gone=gone: conversations.remove(tx, "ada", gone))  # type: ignore[misc]
    assert endings.store(now)
    breaking.away = True
    assert endings.store(later)
    breaking.away = False
    endings.bring_in()
    assert held_and_spent(database) == (0, 2 * COST)
    with pytest.raises(NotFound):
        database.read(lambda tx: runs.find(tx, "ada", later.run_id))


def test_no_disk_either(
    database: Database, breaking: Breaking, endings: Endings, tmp_path: Path
) -> None:
    """Nobody is told `done`; what was said is kept as failed, and the money booked."""
    (tmp_path / "spool").write_text("This is no folder.")
    ending = begun(database)
    breaking.away = True
    with pytest.raises(Unavailable):
        endings.store(ending)
    breaking.away = False
    (tmp_path / "spool").unlink()
    endings.bring_in()
    state, (said,), (call,) = kept(database, ending)
    assert (state, said.status, said.finish_reason) == ("failed", "incomplete", None)
    assert said.error is not None
    assert call.state == "ok"
    assert held_and_spent(database) == (0, COST)


def test_a_line_that_nobody_can_take(
    database: Database, breaking: Breaking, endings: Endings, spool: Spool, tmp_path: Path
) -> None:
    """It is laid aside for a person, and does not hold up those behind it."""
    spool.add(b'{"type": "ending", "of": "another version"}')
    ending = begun(database)
    breaking.away = True
    endings.store(ending)
    breaking.away = False
    assert endings.bring_in() == 2
    is_kept(database, ending)
    (left,) = (tmp_path / "spool").iterdir()
    assert left.suffix == ".refused"
    assert b"another version" in left.read_bytes()


def test_while_it_watches(database: Database, breaking: Breaking, endings: Endings) -> None:
    """Between `watch` and `close` nobody has to ask for it."""
    endings.watch()
    ending = begun(database)
    breaking.away = True
    endings.store(ending)
    gevent.sleep(0.1)
    assert kept(database, ending)[0] == "running"
    breaking.away = False
    while kept(database, ending)[0] == "running":
        gevent.sleep(0.02)
    is_kept(database, ending)
    endings.close()


@pytest.fixture
def cable() -> Iterator[Proxy]:
    with postgresql.serving(free_port()) as behind:
        made = connect(behind.url)
        migrate(made)
        made.close()
        with Proxy(behind.url) as proxy:
            yield proxy


@pytest.fixture
def through(cable: Proxy) -> Iterator[Database]:
    made = connect(cable.url)
    yield made
    made.close()


@pytest.mark.parametrize("cut", ["before", "after"])
def test_cut_while_it_commits(cable: Proxy, through: Database, spool: Spool, cut: Cut) -> None:
    """Whether or not the commit had arrived: the ending is there once, and so is its beginning."""
    endings = Endings(through, ledger(through), spool)
    ending = begun(through)
    cable.cut = cut
    assert endings.store(ending)
    assert kept(through, ending)[0] == ("done" if cut == "after" else "running")
    assert endings.bring_in() == 1
    is_kept(through, ending)
    assert held_and_spent(through) == (0, COST)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_cut_while_a_run_begins(cable: Proxy, through: Database, spool: Spool, cut: Cut) -> None:
    """A run that was refused is not there, whatever the database has heard; its hold is gone."""
    endings = Endings(through, ledger(through), spool)
    run_id, seen = new_id("run"), list[Ending]()
    cable.cut = cut
    with pytest.raises(Unavailable):
        endings.begin(run_id, lambda tx: seen.append(begin(tx, run_id)))
    assert endings.bring_in() == 1
    assert held_and_spent(through) == (0, 0)
    state, said, calls = kept(through, seen[0])
    assert (state, said, calls) == (None, [], [])
