"""A real nginx with deploy/nginx.conf, before whatever shall stand behind it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.written import NGINX
from tests.server.process import Server, free_port, require, running, wait_until_ready


def placed(folder: Path, port: int, *instances: str, text: str = NGINX) -> str:
    """The file with our ports and our folder; nothing else is changed."""
    for number, instance in enumerate(instances, start=1):
        changed = text.replace(f"server parley-{number}:8000 ", f"server {instance} ")
        assert changed != text
        text = changed
    assert "server parley-" not in text
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    return re.sub(r" /tmp/", f" {folder}/", text)


def command(written: Path) -> list[str]:
    """nginx in the foreground. Its workers stay who we are, as they do in a container."""
    # As root it would give them to a user who cannot read the tests' folders.
    user = " user root;" if os.getuid() == 0 else ""
    folder = str(written.parent)
    return [require("nginx"), "-p", folder, "-c", str(written), "-g", f"daemon off;{user}"]


@contextmanager
def before(folder: Path, *instances: str) -> Iterator[Server]:
    """nginx, ready, before two instances by host and port."""
    port = free_port()
    written = folder / "nginx.conf"
    written.write_text(placed(folder, port, *instances))
    with running(command(written), folder, {}) as front:
        front.url = f"http://127.0.0.1:{port}"
        wait_until_ready(front)
        yield front


def address(server: Server) -> str:
    return server.url.removeprefix("http://")
