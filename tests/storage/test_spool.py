"""Lines on the disk: all of them, in their order, for whoever is alive to hand them on."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from app.storage.spool import Spool, folder_of
from tests.server.process import ROOT

# Puts a line by, says so, and waits to be killed.
_PROGRAM = """
import sys, time
from pathlib import Path
from app.storage.spool import Spool
Spool(Path(sys.argv[1])).add(sys.argv[2].encode())
print("put by", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "spool"


@pytest.fixture
def ours(folder: Path) -> Iterator[Spool]:
    made = Spool(folder)
    yield made
    made.close()


def handed_on(by: Spool) -> list[bytes]:
    lines: list[bytes] = []
    assert by.hand_on(lines.append) == len(lines)
    return lines


def test_in_the_order_of_writing(ours: Spool, folder: Path) -> None:
    """What many greenlets add at once comes out whole and in order, once."""
    lines = [str(number).encode() * 1_000 for number in range(200)]
    gevent.joinall([gevent.spawn(ours.add, line) for line in lines], raise_error=True)
    assert handed_on(ours) == lines
    assert handed_on(ours) == []
    assert list(folder.iterdir()) == []


def test_one_write_for_many(ours: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come together wait for the disk together."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    gevent.joinall([gevent.spawn(ours.add, b"line") for _ in range(100)], raise_error=True)
    assert 1 <= len(synced) <= 5
    assert len(handed_on(ours)) == 100


def test_what_is_not_taken_stays(ours: Spool) -> None:
    """An error in the middle loses nothing, and the order holds."""
    for line in (b"one", b"two", b"three"):
        ours.add(line)

    def fail(line: bytes) -> None:
        if line == b"two":
            raise LookupError

    with pytest.raises(LookupError):
        ours.hand_on(fail)
    ours.add(b"four")
    assert handed_on(ours) == [b"one", b"two", b"three", b"four"]


def test_for_this_user_alone(ours: Spool, folder: Path) -> None:
    """Nobody else may read what people said."""
    ours.add(b"line")
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_open(ours: Spool, folder: Path) -> None:
    """Nothing is put where somebody else could have laid a trap."""
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(PermissionError):
        ours.add(b"line")


def test_a_link_is_no_folder(ours: Spool, folder: Path, tmp_path: Path) -> None:
    """Nor where somebody else has made it lead elsewhere."""
    folder.parent.mkdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(PermissionError):
        ours.add(b"line")


def test_a_disk_that_is_full(ours: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that waited for it hear of it, no half line is left, and later lines are whole."""
    ours.add(b"before")
    written = os.write

    def half(file: int, data: bytes) -> int:
        if written(file, data[:3]) < 3 or data:
            raise OSError(errno.ENOSPC, "No space left")
        return 0

    monkeypatch.setattr(os, "write", half)
    jobs = [gevent.spawn(_refused, ours) for _ in range(5)]
    gevent.joinall(jobs, raise_error=True)
    assert all(job.value for job in jobs)
    monkeypatch.undo()
    ours.add(b"after")
    assert handed_on(ours) == [b"before", b"after"]


def _refused(by: Spool) -> bool:
    try:
        by.add(b"lost")
    except OSError as error:
        return error.errno == errno.ENOSPC
    return False


def test_what_the_dead_have_left(ours: Spool, folder: Path) -> None:
    """A process that lives keeps its lines; when it is killed, others hand them on."""
    program = [sys.executable, "-c", _PROGRAM, str(folder), "its line"]
    other = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"put by\n"
        ours.add(b"our line")
        assert handed_on(ours) == [b"our line"]
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert handed_on(ours) == [b"its line"]


def test_half_a_line(ours: Spool, folder: Path) -> None:
    """Where the machine stopped in the middle of a line, those before it are whole."""
    ours.add(b"whole")
    ours.close()
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes() + b"hal")
    assert handed_on(ours) == [b"whole"]


def test_several_that_hand_on(folder: Path) -> None:
    """Two processes that find the same files never hand on a line twice."""
    for number in range(20):
        left = Spool(folder)
        left.add(str(number).encode())
        left.close()
    lines: list[bytes] = []

    def take(line: bytes) -> None:
        gevent.sleep(0.001)
        lines.append(line)

    spools = [Spool(folder) for _ in range(4)]
    gevent.joinall([gevent.spawn(each.hand_on, take) for each in spools], raise_error=True)
    assert sorted(lines, key=int) == [str(number).encode() for number in range(20)]


def test_an_installation_is_known_by_its_database() -> None:
    """The password may change, and nothing of it is in the name; another database is another."""
    one = folder_of("postgresql://ada:secret@db/parley")
    assert one == folder_of("postgresql://ada:other@db/parley")
    assert one != folder_of("postgresql://ada:secret@db/other")
    assert folder_of("sqlite:///a.db") == folder_of(f"sqlite:///{Path.cwd()}/a.db")
    assert "secret" not in str(one)
