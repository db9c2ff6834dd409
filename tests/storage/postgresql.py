"""A PostgreSQL of the tests' own, in a folder that goes with it, which can be made to fail."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

# It refuses to run as root; where the tests do, it runs as this user.
_NOBODY = "nobody"


@dataclass
class Server:
    """`url` leads to it by a Unix socket, or by TCP where it was given a port."""

    url: str
    folder: Path
    programs: Path
    options: str

    def start(self) -> None:
        self._control("-o", self.options, "-l", self.folder / "log", "start")

    def stop(self, how: str = "immediate") -> None:
        """`immediate` is what a power cut looks like to its clients, `fast` a restart."""
        self._control("-m", how, "stop")

    def freeze(self) -> None:
        """From now on it says nothing, though its kernel still takes what is sent."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, sign: signal.Signals) -> None:
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        # The postmaster first: what it does not hear of, it does not start either.
        os.kill(postmaster, sign)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        for child in map(int, children.split()):
            os.kill(child, sign)

    def _control(self, *words: str | Path) -> None:
        _run(self.programs / "pg_ctl", "-D", self.folder / "data", "-w", *words)


@contextmanager
def running() -> Iterator[str]:
    """Start it, yield a URL, and stop it. Skips where it is not installed, but not in CI."""
    with serving() as server:
        yield server.url


@contextmanager
def serving(port: int | None = None, settings: str = "") -> Iterator[Server]:
    """As `running`, for those who want more of it than its URL: on a port, with other settings."""
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
        listen = f"-h 127.0.0.1 -p {port}" if port else "-c listen_addresses="
        there = f"ada@127.0.0.1:{port}/postgres?" if port else f"ada@/postgres?host={folder}"
        options = f"-F -k {folder} {listen} {settings}"
        server = Server(f"postgresql://{there}", folder, programs, options)
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.thaw()
                server.stop()
    finally:
        shutil.rmtree(folder)


def named(url: str, database: str) -> str:
    """The URL of another database of the same server."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


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
