"""Lines on this machine's disk, for the time in which the database cannot be reached.

A process appends to a file that it holds locked for as long as it lives. What the dead have left
is handed on by whoever finds it. A file goes when all its lines were taken, so a line may be
handed on twice, and never not at all.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from gevent import get_hub
from gevent.lock import Semaphore
from sqlalchemy.engine import make_url

T = TypeVar("T")

_ENDING, _REFUSED = ".spool", ".refused"


def folder_of(database_url: str) -> Path:
    """Where an installation's lines are kept if nobody says: it is known by its database."""
    url = make_url(database_url).set(password=None)
    name = os.path.abspath(url.database or "") if url.get_backend_name() == "sqlite" else str(url)
    mark = sha256(name.encode()).hexdigest()[:16]
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError:  # nothing can be written: whoever tries to will be told
        temporary = Path.cwd()
    return temporary / f"parley-{os.geteuid()}-{mark}"


class _Job:
    """A line that is to be written, and what became of it."""

    def __init__(self, line: bytes) -> None:
        self.line = line
        self.done = False
        self.error: OSError | None = None


class Spool:
    """Of one process. The folder is made when it is needed, for this user alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None
        self._waiting: list[_Job] = []
        self._turn = Semaphore()

    def add(self, line: bytes) -> None:
        """Return when it is on the disk, together with what came meanwhile. Raises OSError."""
        job = _Job(line)
        self._waiting.append(job)
        with self._turn:
            if not job.done:
                jobs, self._waiting = self._waiting, []
                self._write(jobs)
        if job.error is not None:
            raise job.error

    def hand_on(self, take: Callable[[bytes], None]) -> int:
        """Give every line to `take`, in the order of writing. How many that were.

        What `take` raises ends it, and all is there the next time. Raises OSError.
        """
        with self._turn:
            self._let_go()
        taken = 0
        for path in _in_thread(self._files):
            with _locked(path) as lines:
                for line in lines or ():
                    take(line)
                if lines is not None:
                    path.unlink()
                    taken += len(lines)
        return taken

    def refuse(self, line: bytes) -> None:
        """Keep a line that nobody will ever be able to take, for a person to look at."""
        file = _made(self._folder / f"{time.time_ns():020}-{os.getpid()}{_REFUSED}")
        try:
            _in_thread(lambda: _append(file, [line]))
        finally:
            os.close(file)

    def close(self) -> None:
        """Let others have what is there."""
        self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, jobs: Sequence[_Job]) -> None:
        error: OSError | None = None
        try:
            _in_thread(lambda: self._append([job.line for job in jobs]))
        except OSError as broken:
            error = broken
        for job in jobs:
            job.done, job.error = True, error

    def _append(self, lines: Sequence[bytes]) -> None:
        if self._file is None:
            self._file = self._opened()
        _append(self._file, lines)

    def _opened(self) -> int:
        _private(self._folder)
        while True:
            path = self._folder / f"{time.time_ns():020}-{os.getpid()}{_ENDING}"
            file = _made(path)
            # Between the two somebody may have found it empty, and removed it.
            if _lock(file) and os.fstat(file).st_nlink:
                _sync_folder(self._folder)
                return file
            os.close(file)

    def _files(self) -> Sequence[Path]:
        return sorted(self._folder.glob(f"*{_ENDING}"))


@contextmanager
def _locked(path: Path) -> Iterator[Sequence[bytes] | None]:
    """The lines of a file; None where somebody alive has it, or it is gone."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        ours = _lock(file) and os.fstat(file).st_nlink
        yield _in_thread(lambda: _lines(path)) if ours else None
    finally:
        os.close(file)


def _lines(path: Path) -> Sequence[bytes]:
    """The whole ones: the last has no end where the machine stopped in the middle of it."""
    return path.read_bytes().split(b"\n")[:-1]


def _made(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)


def _append(file: int, lines: Sequence[bytes]) -> None:
    """All of them or, where the disk is full, none."""
    before = os.fstat(file).st_size
    whole = memoryview(b"".join(line + b"\n" for line in lines))
    try:
        while whole:
            whole = whole[os.write(file, whole) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(folder: Path) -> None:
    """In a folder for all, such as /tmp, somebody else may have been quicker."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} must be a folder that belongs to this user alone.")


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _in_thread(work: Callable[[], T]) -> T:
    """A disk that is slow must not hold up the loop."""
    done: T = get_hub().threadpool.apply(work)
    return done
