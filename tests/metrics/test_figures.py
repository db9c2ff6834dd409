"""What is counted after this and that."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient

from app.chains import Step
from app.tariffs import Tariff
from tests.blueprints.shared import against
from tests.blueprints.talk import chat, eventually, live, streamed
from tests.metrics.figures import Figures, figures, total
from tests.upstream import Upstream

pytestmark = pytest.mark.usefixtures("within_a_minute")

_DOLLAR_A_TOKEN = Tariff(input=Decimal(1_000_000), output=Decimal(1_000_000))


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def settings(upstream: Upstream) -> dict[str, Any]:
    def chain(*models: str) -> tuple[Step, ...]:
        return tuple(Step(model=model) for model in models)

    return {
        **against(upstream),
        "max_retry_wait": 0.01,
        "max_upstream_calls": 3,
        "chat_model": "openai/mock-5",
        "model_aliases": {"spare": chain("openai/status-503", "anthropic/mock-3")},
        "model_prices": {"openai/mock-*": _DOLLAR_A_TOKEN},
    }


def read(client: FlaskClient) -> Figures:
    answer = client.get("/metrics", buffered=True)
    assert answer.status_code == 200
    return figures(answer.text)


def test_calls_and_their_cost(client: FlaskClient) -> None:
    """By model: with a dollar for a token, 10 in and 7 out are 17."""
    chat(client)
    seen = read(client)
    assert seen["parley_calls_total", "mock-5", "openai", "ok"] == 1
    assert seen["parley_cost_usd_total", "mock-5", "openai"] == 17


def test_a_model_that_a_caller_names_makes_no_series(client: FlaskClient) -> None:
    """Whatever callers call a model, it is counted as one and the same."""
    for number in range(20):
        chat(client, model=f"openai/mock-{number + 1}")
        client.post("/api/chat", json={"message": "x", "model": f"openai/x{number}"}, buffered=True)
    seen = read(client)
    models = {key[1:3] for key in seen if key[0] in ("parley_calls_total", "parley_cost_usd_total")}
    assert models == {("mock-5", "openai"), ("other", "openai")}
    assert total(seen, "parley_calls_total") == 40
    assert not [key for key in seen if any("mock-7" in value for value in key)]


def test_a_paused_model_that_nobody_configured_has_no_name(client: FlaskClient) -> None:
    """Circuits are shown under the same bounded names."""
    for _ in range(10):
        client.post("/api/chat", json={"message": "x", "model": "openai/status-500"}, buffered=True)
    assert read(client)["parley_circuit_open", "other", "openai"] == 1


def test_a_call_without_a_price_is_told(client: FlaskClient) -> None:
    """It adds nothing to the cost, which would be a lie, and is counted for what it is."""
    chat(client, model="openai/bare-3")
    seen = read(client)
    assert seen["parley_unpriced_calls_total", "other", "openai"] == 1
    assert total(seen, "parley_cost_usd_total") == 0


def test_retries_and_fallbacks(client: FlaskClient) -> None:
    """The next of a chain is a fallback, the same model once more is a retry."""
    chat(client, model="spare")
    chat(client, model="openai/flaky-1-mock-2")
    seen = read(client)
    assert seen["parley_fallbacks_total", "anthropic"] == 1
    assert seen["parley_retries_total", "openai"] == 1
    assert total(seen, "parley_fallbacks_total") == total(seen, "parley_retries_total") == 1
    assert seen["parley_calls_total", "status-503", "openai", "failed"] == 1


def test_runs_are_timed(client: FlaskClient) -> None:
    """Every run once, and its pace where it came to its end."""
    streamed(client, model="openai/mock-4-50000")
    streamed(client, model="openai/cut-2")
    eventually(lambda: read(client)[("parley_run_seconds_count",)] == 2)
    seen = read(client)
    assert 0.15 < seen[("parley_run_seconds_sum",)] < 10
    assert seen["parley_tokens_per_second_count", "openai"] == 1
    assert 0.5 < seen["parley_tokens_per_second_sum", "openai"] < 45


def test_errors_are_counted_by_code(client: FlaskClient) -> None:
    """A request that is answered with a problem, and a stream that ends with one."""
    client.get("/api/conversations/conv_none", buffered=True)
    streamed(client, model="openai/cut-2")
    failed = "parley_failed_runs_total", "provider_cut_off"
    eventually(lambda: read(client).get(failed) == 1)
    assert read(client)["parley_errors_total", "not_found"] == 1


def test_open_runs_are_shown(client: FlaskClient) -> None:
    """As long as they last, also when nobody reads them."""
    assert read(client)[("parley_open_runs",)] == 0
    with live(client, model="openai/stall-1") as stream:
        stream.read_until(b"event: delta")
        assert read(client)[("parley_open_runs",)] == 1
    eventually(lambda: read(client)[("parley_open_runs",)] == 0)


def test_answers_from_the_cache(client: FlaskClient) -> None:
    """The first is a miss, the second a hit, and it is no call."""
    for _ in range(2):
        chat(client, cache=True)
    seen = read(client)
    assert seen["parley_cached_answers_total", "miss"] == 1
    assert seen["parley_cached_answers_total", "hit"] == 1
    assert total(seen, "parley_calls_total") == 1


def test_every_metric_is_described(client: FlaskClient) -> None:
    """What there is to read is listed by name, and what is listed is read under that name."""
    streamed(client)
    described = client.application.extensions["parley"].metrics.described
    names = {found.name.removesuffix("_total") for found in described}
    ours = {
        line.split()[2].removesuffix("_total")
        for line in client.get("/metrics", buffered=True).text.splitlines()
        if line.startswith("# TYPE") and not line.split()[2].endswith("_created")
    }
    assert ours == names
    assert all(found.said.endswith(".") for found in described)


class TestHeld:
    @pytest.fixture
    def settings(self, upstream: Upstream) -> dict[str, Any]:
        return {
            **against(upstream),
            "read_timeout": 5.0,
            "budget_day_usd": Decimal(1_000),
            "model_prices": {"openai/*": _DOLLAR_A_TOKEN},
        }

    def test_what_is_held_is_shown(self, client: FlaskClient) -> None:
        """While a call is under way what it may cost is held, and afterwards it is not."""
        with live(client, model="openai/stall-1", max_output_tokens=100) as stream:
            stream.read_until(b"event: delta")
            assert 100 < read(client)[("parley_held_usd",)] < 1_000
        eventually(lambda: read(client)[("parley_held_usd",)] == 0)


class TestDenials:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"limit_requests_per_minute": 1}

    def test_denials_are_counted(self, client: FlaskClient) -> None:
        """By whose limit and of what kind it was."""
        chat(client)
        for _ in range(2):
            client.post("/api/chat", json={"message": "hi"}, buffered=True)
        seen = read(client)
        assert seen["parley_limit_denials_total", "requests", "all"] == 2
        assert seen["parley_errors_total", "rate_limited"] == 2
