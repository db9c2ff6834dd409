"""A machine with systemd and nginx, as docs/deploying.md sets it up."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import requests

from tests.deploy.front import command
from tests.deploy.test_agreement import _BEYOND
from tests.deploy.written import DEPLOY, seconds
from tests.docs.pages import blocks, section
from tests.providers.transport.authority import Authority
from tests.server.process import ROOT, free_port, require, running, wait_until_ready

_UNIT = DEPLOY / "systemd" / "parley.service"
_KEY = "an-admin-key-of-this-test"
_FOLDER = "/var/lib/parley"


def said(name: str) -> list[str]:
    """Every value of a directive."""
    return re.findall(rf"(?m)^{name}=(.*)$", _UNIT.read_text())


def variables() -> dict[str, str]:
    """As the unit has them, without what is in the file of the secrets."""
    return dict(word.split("=", 1) for line in said("Environment") for word in line.split())


def ours(line: str) -> Sequence[str]:
    """A command of the unit's with the Python that runs this."""
    assert line.startswith("/opt/parley/.venv/bin/")
    return line.replace("/opt/parley/.venv/bin", str(Path(sys.executable).parent)).split()


def test_systemd_takes_it(tmp_path: Path) -> None:
    """It has nothing to say against the file, once the programs and the user are there."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not here; the other tests hold what the unit says.")
    text = _UNIT.read_text().replace("/opt/parley/.venv/bin", str(Path(sys.executable).parent))
    text = text.replace("=/opt/parley\n", f"={ROOT}\n")
    text = re.sub(r"(?m)^(User|Group)=parley", r"\1=root", text)
    written = tmp_path / "parley.service"
    written.write_text(text)
    done = subprocess.run([program, "verify", written], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    written.write_text(text.replace("ProtectSystem=strict", "ProtectSystem=stricter"))
    done = subprocess.run([program, "verify", written], capture_output=True, text=True, check=False)
    assert "protect system value" in done.stderr


def test_the_unit_waits_for_the_drain() -> None:
    """What is under way gets its time before systemd kills; and only gunicorn hears the signal."""
    (patience,), (kill,) = said("TimeoutStopSec"), said("KillMode")
    assert seconds(variables()["DRAIN_TIMEOUT"]) + _BEYOND < seconds(patience)
    assert kill == "mixed"


def test_the_unit_writes_where_it_may() -> None:
    """The database and the spool are in the folder that is the service's own."""
    (state,), (protected,) = said("StateDirectory"), said("ProtectSystem")
    assert (f"/var/lib/{state}", protected) == (_FOLDER, "strict")
    for name in ("DATABASE_URL", "SPOOL_DIR"):
        assert f"{_FOLDER}/" in variables()[name]


def test_the_page_installs_what_is_there() -> None:
    """Folders, files and the user's name are the same on the page and in the unit."""
    page = section("docs/deploying.md", "A machine")
    (user,), (folder,), (secrets,) = map(said, ("User", "WorkingDirectory", "EnvironmentFile"))
    assert re.search(rf"useradd .* {user}\n", page)
    assert f"cd {folder}\n" in page
    assert f"> {secrets})" in page
    assert f"install -m 644 {_UNIT.relative_to(ROOT)} " in page


def test_the_secrets_are_made(tmp_path: Path) -> None:
    """The page's command writes a file for its owner alone, as systemd reads it."""
    page, (secrets,) = section("docs/deploying.md", "A machine"), said("EnvironmentFile")
    (shown,) = [it for it in blocks(page) if it.startswith("useradd ")]
    (made,) = re.findall(rf"(?s)\(umask.*?> {secrets}\)", shown)
    file = tmp_path / "parley.env"
    subprocess.run(["sh", "-e", "-c", made.replace(secrets, str(file))], check=True)
    assert file.stat().st_mode & 0o777 == 0o600
    values = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert list(values) == ["ADMIN_KEY", "SECRET_KEY", "OPENAI_API_KEY"]
    assert len({values["ADMIN_KEY"], values["SECRET_KEY"]}) == 2
    assert re.fullmatch(r"[0-9a-f]{48}", values["ADMIN_KEY"])


def test_it_works(tmp_path: Path) -> None:
    """The unit's commands behind the page's nginx: TLS, a key, a redirect, and a quiet end."""
    folder = tmp_path / "state"
    folder.mkdir()
    behind, plain, secure = free_port(), free_port(), free_port()
    extra = {name: it.replace(_FOLDER, str(folder)) for name, it in variables().items()}
    extra |= {"PORT": str(behind), "ADMIN_KEY": _KEY, "NOTIFY_SOCKET": f"{tmp_path}/notify"}
    (migrate,), (start,) = said("ExecStartPre"), said("ExecStart")
    authority, config = _nginx(tmp_path, behind, plain, secure)
    with running(ours(migrate), tmp_path, extra) as it:
        assert it.process.wait(timeout=60) == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(extra["NOTIFY_SOCKET"])
        notified.settimeout(60)
        words = [word.replace(":8000", f":{behind}") for word in ours(start)]
        with running(words, tmp_path, extra) as parley:
            assert b"READY=1" in notified.recv(4096)
            parley.url = f"http://127.0.0.1:{behind}"
            wait_until_ready(parley)
            with running(command(config), config.parent, {}) as front:
                front.url = f"http://127.0.0.1:{plain}"
                wait_until_ready(front)
                _asked(plain, secure, authority)
            os.kill(parley.process.pid, signal.SIGTERM)
            assert parley.process.wait(timeout=30) == 0


def _asked(plain: int, secure: int, authority: Authority) -> None:
    site, trusted = f"https://127.0.0.1:{secure}", str(authority.file)
    key = {"Authorization": f"Bearer {_KEY}"}
    assert requests.get(f"{site}/api/me", verify=trusted, timeout=30).status_code == 401
    assert requests.get(f"{site}/api/me", headers=key, verify=trusted, timeout=30).ok
    # By a name that is not the machine's own: at that one nobody demands TLS.
    sent = requests.get(
        f"http://127.0.0.1:{plain}/",
        headers={"Host": "parley.test"},
        timeout=30,
        allow_redirects=False,
    )
    assert (sent.status_code, sent.headers["Location"]) == (308, "https://parley.test/")


def _nginx(folder: Path, behind: int, plain: int, secure: int) -> tuple[Authority, Path]:
    """The page's command on the repository's file, with ports and folders of this test."""
    (sed,) = [it for it in blocks(section("docs/deploying.md", "A machine")) if it[:4] == "sed "]
    place = folder / "front"
    place.mkdir()
    config = place / "nginx.conf"
    made = sed.replace("/etc/nginx/nginx.conf", str(config))
    subprocess.run(["sh", "-e", "-c", made], cwd=ROOT, check=True)
    authority = Authority.found(place)
    authority.server()
    stem = next(place.glob("*-2.pem")).with_suffix("")
    text = config.read_text()
    assert "/run/nginx.pid" in text
    assert "parley-" not in re.sub(r"(?m)^\s*#.*$", "", text)
    for old, new in {
        " /tmp/": f" {place}/",
        "server 127.0.0.1:8000 ": f"server 127.0.0.1:{behind} ",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ": f"listen 127.0.0.1:{secure} ",
        "/etc/nginx/tls/fullchain.pem": f"{stem}.pem",
        "/etc/nginx/tls/privkey.pem": f"{stem}.key",
        "/run/nginx.pid": f"{place}/nginx.pid",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(text)
    return authority, config


def test_nginx_takes_the_page_s_file(tmp_path: Path) -> None:
    """The page's command makes a file that nginx has nothing to say against."""
    nginx = require("nginx")
    _, config = _nginx(tmp_path, free_port(), free_port(), free_port())
    done = subprocess.run(
        [nginx, "-t", "-p", str(config.parent), "-c", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
