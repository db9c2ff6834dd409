"""OpenAI's SDK for Node, against a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.door import Door, node, opened, prompt

pytestmark = pytest.mark.usefixtures("within_a_minute")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("openai")) as door:
        yield door


def asked(door: Door, case: str, model: str, key: str | None = None) -> Any:
    return node("openai.mjs", f"{door.url}/v1", key or door.key, case, model)


def test_a_chat(door: Door) -> None:
    """A whole answer has its text and its tokens."""
    assert asked(door, "chat", "openai/mock-3") == {"text": "t0 t1 t2 ", "tokens": 15}


def test_a_stream(door: Door) -> None:
    """Its pieces are the text, and its end is known."""
    said = {"text": "t0 t1 t2 ", "reason": "stop"}
    assert asked(door, "stream", "anthropic/mock-3") == said


def test_tools(door: Door) -> None:
    """Calls are put together from their pieces."""
    first, second = asked(door, "tools", "openai/tools-2")
    assert first == {"city": 'Kraków "0" 🙂', "days": 0}
    assert second["days"] == 1


def test_structured_output(door: Door) -> None:
    """What fits its schema is parsed; what does not is an error."""
    door.upstream.saying = lambda _: '{"days": 3}'
    assert asked(door, "structured", "openai/say-1") == {"days": 3}
    door.upstream.saying = lambda _: '{"days": "three"}'
    assert asked(door, "structured", "openai/say-1")["error"] == "UnprocessableEntityError"


def test_abort(door: Door) -> None:
    """To leave the loop closes the connection to the model at once."""
    skew = time.monotonic() - time.time()
    left = asked(door, "abort", "openai/mock-10000-20000")["left"] / 1000
    assert prompt(door.until_closed(left + skew))


def test_responses(door: Door) -> None:
    """The responses API streams, and its end is told."""
    said = {"text": "t0 t1 t2 ", "last": "response.completed"}
    assert asked(door, "responses", "openai/mock-3") == said


def test_models_and_embeddings(door: Door) -> None:
    """Models are listed, and vectors come as the provider made them."""
    assert "openai/mock-5-0" in asked(door, "models", "")
    assert asked(door, "embeddings", "openai/vectors") == [[1, 0, 0.25], [3, 1, 0.25]]


def test_errors(door: Door) -> None:
    """The SDK raises the class that belongs to each."""
    limited = door.issue(limits={"requests_per_minute": 1})
    asked(door, "chat", "openai/mock-1", limited)
    found = {
        "429": asked(door, "stream", "openai/mock-1", limited),  # before the minute is over
        "400": asked(door, "chat", "openai/status-400"),
        "401": asked(door, "chat", "openai/mock-1", "parley_wrong"),
        "402": asked(door, "stream", "openai/mock-1", door.issue(budgets={"day": "0.000001"})),
        "403": asked(door, "chat", "openai/mock-1", door.issue(models=["anthropic/*"])),
        "404": asked(door, "stream", "nobody/mock-1"),
        "500": asked(door, "stream", "openai/status-500"),
        "503": asked(door, "stream", "openai/status-503"),
        "cut": asked(door, "stream", "openai/cut-3"),
    }
    assert {name: error["error"] for name, error in found.items()} == {
        "400": "BadRequestError",
        "401": "AuthenticationError",
        "402": "APIError",
        "403": "PermissionDeniedError",
        "404": "NotFoundError",
        "429": "RateLimitError",
        "500": "InternalServerError",
        "503": "InternalServerError",
        "cut": "APIError",
    }
    assert found["402"]["status"] == 402
    assert found["cut"]["code"] == "provider_cut_off"
