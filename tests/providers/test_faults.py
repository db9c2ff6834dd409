"""What leaves a call is one of our errors, tells what is known, and is loud where it must be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import structlog
from gevent import GreenletExit

from app import errors
from app.providers import faults
from app.providers.faults import from_status, translated
from app.providers.transport.connection import Silence
from tests.providers.raising import ORIGIN, raised, told


@pytest.mark.parametrize("limit", ["first_byte", "read"])
def test_silence_says_which_limit_it_broke(limit: str) -> None:
    """The transport's own timeout keeps its name."""
    assert told(raised(Silence(limit))) == f"ProviderTimeout {limit}"


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyError("x"), errors.OutputTooLong("x")])
def test_a_mistake_of_ours_stays_one(error: Exception) -> None:
    """What does not come from a library or the network is no fault of a provider's."""
    with pytest.raises(type(error)) as caught, translated(ORIGIN):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [GreenletExit(), GeneratorExit(), KeyboardInterrupt()])
def test_an_end_from_outside_passes(error: BaseException) -> None:
    """A reader that is stopped is no error."""
    with pytest.raises(type(error)), translated(ORIGIN):
        raise error


def test_iteration_is_covered_too() -> None:
    """What breaks between two pieces is translated where the pieces are read."""

    def pieces() -> Iterator[int]:
        with translated(ORIGIN):
            yield 1
            raise httpx2.ReadError("x")

    reading = pieces()
    assert next(reading) == 1
    with pytest.raises(errors.CutOff):
        next(reading)


def test_what_the_response_said_is_in_later_errors() -> None:
    """The status and the provider's id of the request are known to whatever comes after them."""

    def broken_off() -> None:
        with translated(ORIGIN) as exchange:
            exchange.answered(200, {"request-id": "req_7"})
            raise ConnectionResetError

    with pytest.raises(errors.CutOff) as caught:
        broken_off()
    assert (caught.value.upstream_status, caught.value.upstream_request_id) == (200, "req_7")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is logged. The logger is a new one: one that was used keeps an older configuration."""
    monkeypatch.setattr(faults, "log", structlog.get_logger())
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "AuthenticationFailed"), (403, "PermissionDenied")]
)
def test_a_key_that_is_wrong_is_loud(lines: list[Any], status: int, reason: str) -> None:
    """There is one line of level error in the log, without a word of the provider's."""
    body = {"error": {"message": "Incorrect API key provided: sk-secret"}}
    error = raised(from_status(ORIGIN, status, body, {"x-request-id": "up-1"}))
    assert lines == [
        {
            "event": "provider_misconfigured",
            "log_level": "error",
            "reason": reason,
            "provider": "own",
            "model": "mock",
            "upstream_status": status,
            "upstream_request_id": "up-1",
        }
    ]
    assert "secret" not in error.detail
    assert (error.status, error.code) == (502, "provider_misconfigured")


def test_what_a_key_is_not_to_blame_for_is_quiet(lines: list[Any]) -> None:
    """A provider that is down is no matter for whoever runs the server."""
    raised(httpx2.ConnectError("x"))
    assert lines == []
