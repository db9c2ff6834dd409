"""A PostgreSQL of the tests' own: on a Unix socket in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# It refuses to run as root; where the tests do, it runs as this user.
_NOBODY = "nobody"


@contextmanager
def running() -> Iterator[str]:
    """Start it, yield a URL, and stop it. Skips where it is not installed, but not in CI."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed.")
        pytest.skip("PostgreSQL is not installed.")
    folder = Path(tempfile.mkdtemp(prefix="parley-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, _NOBODY)
        _run(programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "ada", "--no-sync")
        options = f"-F -k {folder} -c listen_addresses="
        control = (programs / "pg_ctl", "-D", folder / "data", "-w")
        _run(*control, "-o", options, "-l", folder / "log", "start")
        try:
            yield f"postgresql://ada@/postgres?host={folder}"
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """Debian keeps them out of PATH, in a folder for each version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return kept[-1].parent if kept else None


def _run(*command: str | Path) -> None:
    subprocess.run(
        [str(word) for word in command],
        user=_NOBODY if os.getuid() == 0 else None,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=True,
    )
