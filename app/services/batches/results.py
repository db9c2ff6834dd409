"""The file that a batch's results are written to, and that an interrupted batch goes on with.

A row is written at once and in one piece. What is found when the file is opened again stays as it
is, but for a last row that was not finished, and for rows of documents that failed and are to be
asked again: without those the file is written anew beside the old one, and takes its place.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from app.errors import BadInput, Conflict
from app.services.batches.batch import Outcome


class Row(NamedTuple):
    """`key` is the document's id and the digest of what was asked, `text` the row as it stands."""

    key: tuple[str, str]
    status: str
    text: bytes


class Form(Protocol):
    """How results are written, and read again."""

    head: bytes

    def row(self, digest: str, outcome: Outcome) -> bytes: ...

    def rows(self, content: bytes) -> Iterator[Row]: ...


class Results:
    """`done` are the keys of results that are there. Raises BadInput, Conflict, OSError."""

    def __init__(self, path: Path, form: Form, ids: Collection[str]) -> None:
        self._path = path.resolve()
        self._form = form
        self._file = _locked(self._path)
        try:
            self.done = self._go_on(ids)
        except BaseException:
            self._file.close()
            raise

    def add(self, digest: str, outcome: Outcome) -> None:
        """Return when it is on the disk. Raises OSError."""
        _put(self._file, self._form.row(digest, outcome))

    def close(self) -> None:
        self._file.close()

    def _go_on(self, ids: Collection[str]) -> set[tuple[str, str]]:
        content = self._path.read_bytes()
        try:
            rows = [*self._form.rows(content)]
        except BadInput as error:
            raise BadInput(f"{self._path.name} cannot be gone on with. {error.detail}") from error
        kept = [row for row in rows if row.status == "ok" or row.key[0] not in ids]
        whole = self._form.head + b"".join(row.text for row in kept)
        if whole != content:
            self._replace(whole)
        return {row.key for row in kept if row.status == "ok"}

    def _replace(self, content: bytes) -> None:
        beside = self._path.with_name(f".{self._path.name}.new")
        beside.unlink(missing_ok=True)
        new = _locked(beside)
        try:
            _put(new, content)
            shutil.copymode(self._path, beside)
            beside.replace(self._path)
        except BaseException:
            new.close()
            raise
        self._file.close()
        self._file = new


def _locked(path: Path) -> IO[bytes]:
    """Open for adding, by nobody else."""
    file = path.open("ab", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise Conflict(f"Another process is writing to {path.name}. Name another file.") from error
    return file


def _put(file: IO[bytes], content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())
