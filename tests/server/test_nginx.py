"""Behind a real nginx with its default settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
import requests

from tests.server.process import Server, free_port, require, running, serving, wait_until_ready

_CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass {upstream}; }}
  }}
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    nginx = require("nginx")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    with serving(tmp_path_factory.mktemp("behind"), DEMO_TOKENS_PER_SECOND="25") as server:
        written = folder / "nginx.conf"
        written.write_text(_CONFIGURATION.format(folder=folder, port=port, upstream=server.url))
        with running([nginx, "-p", str(folder), "-c", str(written)], folder, {}) as front:
            front.url = f"http://127.0.0.1:{port}"
            wait_until_ready(front)
            yield front


def test_tokens_arrive_one_by_one(proxied: Server) -> None:
    """nginx passes each token on as it comes, over HTTP/1.0, though it buffers by default."""
    arrivals: list[float] = []
    body = {"message": "one by one", "max_output_tokens": 20}
    with requests.post(
        f"{proxied.url}/api/chat/stream", json=body, stream=True, timeout=20
    ) as answer:
        for line in answer.iter_lines(chunk_size=1):
            if line == b"event: delta":
                arrivals.append(time.monotonic())
    assert len(arrivals) == 20
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    # At 25 tokens a second a gap is 40 ms, and less behind one that a busy machine has made longer;
    # what is buffered comes with no gaps at all.
    assert sum(gap > 0.01 for gap in gaps) >= 8


def test_a_whole_answer_passes(proxied: Server) -> None:
    """The JSON answer arrives complete through the proxy as well."""
    answer = requests.post(f"{proxied.url}/api/chat", json={"message": "hi"}, timeout=20)
    assert answer.json()["finish_reason"] == "stop"
