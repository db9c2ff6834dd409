"""The figures of all workers of one port, in a folder of theirs.

A worker that dies leaves files behind. What it had counted is added to the files of a worker that
never was, so that no counter ever goes down and the folder does not grow.
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

_LOCK = "lock"
_GONE = "gone"  # stands where a worker's process id does


def figures(folder: str) -> bytes:
    """Prometheus' text format, of all that ever lived."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    with _locked(folder, fcntl.LOCK_SH):
        return generate_latest(registry)


def bury(folder: str, living: Collection[int]) -> bool:
    """Take what workers that are not `living` have counted out of their files.

    False: somebody reads just now, and nobody waits for that. The next time will do.
    """
    try:
        with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for file in Path(folder).glob("*.db"):
                kind, _, process = file.stem.rpartition("_")
                if process.isdigit() and int(process) not in living:
                    _bury(file, kind)
    except BlockingIOError:
        return False
    return True


def _bury(file: Path, kind: str) -> None:
    if not kind.startswith("gauge"):
        heir = MmapedDict(str(file.with_name(f"{kind}_{_GONE}.db")))  # type: ignore[no-untyped-call]
        counted = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
        for key, value, *_ in counted:
            heir.write_value(key, heir.read_value(key)[0] + value, 0.0)  # type: ignore[no-untyped-call]
        heir.close()  # type: ignore[no-untyped-call]
    file.unlink()


@contextmanager
def _locked(folder: str, how: int) -> Iterator[None]:
    with Path(folder, _LOCK).open("a") as file:
        fcntl.flock(file, how)
        yield
