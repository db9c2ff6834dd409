"""How soon after a caller has left the provider's connection is closed."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator

import gevent
import pytest

from tests.server.callers import STREAM, WHOLE, Caller, until
from tests.server.process import Server, serving
from tests.upstream import Upstream

Quote = Callable[[str], None]

_WHEN = {
    "before the headers": "silent-0",
    "before the first token": "stall-0",
    "in silence after two tokens": "stall-2",
    "between tokens": "mock-5000-2000",
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("promptness")
    with serving(folder, OPENAI_BASE_URL=f"{upstream.url}/v1") as it:
        yield it


def cut(server: Server, upstream: Upstream, path: str, model: str, random_: random.Random) -> float:
    """Leave at some moment; the seconds until the upstream saw its connection closed."""
    caller = Caller(server, path, {"message": "hi", "model": f"openai/{model}"})
    until(lambda: upstream.open == 1)
    gevent.sleep(random_.uniform(0.005, 0.05))
    left = caller.leave(reset=random_.random() < 0.5)
    until(lambda: upstream.open == 0)
    return upstream.closed_at[-1] - left


@pytest.mark.parametrize(
    ("count", "limit"), [(4, 1.0), pytest.param(200, 0.1, marks=pytest.mark.prove)]
)
@pytest.mark.parametrize("when", list(_WHEN))
@pytest.mark.parametrize("path", [STREAM, WHOLE])
def test_who_leaves_frees_the_provider(
    server: Server,
    upstream: Upstream,
    path: str,
    when: str,
    count: int,
    limit: float,
    quote: Quote,
) -> None:
    """At whatever time a caller leaves, streaming or not, upstream is closed within the limit."""
    random_ = random.Random(count)
    took = sorted(cut(server, upstream, path, _WHEN[when], random_) for _ in range(count))
    *_, late = statistics.quantiles(took, n=20, method="inclusive")
    quote(
        f"{path}, left {when}, {count} times: upstream closed after {_ms(statistics.median(took))} "
        f"(p50), {_ms(late)} (p95), {_ms(took[-1])} (max)"
    )
    assert late <= limit


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
