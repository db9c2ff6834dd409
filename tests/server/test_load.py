"""One worker with many callers, over real sockets."""

from __future__ import annotations

from pathlib import Path

import gevent
import requests

from tests.server.process import serving


def test_two_hundred_streams_at_once(tmp_path: Path) -> None:
    """200 concurrent streams of the demo model on one worker all end with one `done`."""
    with serving(tmp_path, DEMO_TOKENS_PER_SECOND="25") as server, requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=200))

        def ask(number: int) -> str:
            body = {"message": f"caller {number}: code, table", "max_output_tokens": 50}
            return session.post(f"{server.url}/api/chat/stream", json=body, timeout=60).text

        jobs = [gevent.spawn(ask, number) for number in range(200)]
        gevent.joinall(jobs, timeout=90, raise_error=True)
        for job in jobs:
            text = job.get()
            assert text.count("event: delta") == 50
            assert text.count("event: done") == 1
            assert text.endswith("\n\n")


def test_a_large_body_is_answered_not_cut(tmp_path: Path) -> None:
    """Whoever posts 10 MB reads a problem document, and not a broken connection."""
    with serving(tmp_path) as server:
        answer = requests.post(
            f"{server.url}/api/chat", json={"message": "x" * 10_000_000}, timeout=30
        )
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
