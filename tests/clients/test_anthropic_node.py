"""Anthropic's SDK for Node, against a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.door import Door, node, opened, prompt


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("anthropic")) as door:
        yield door


def asked(door: Door, case: str, model: str, key: str | None = None) -> Any:
    return node("anthropic.mjs", door.url, key or door.key, case, model)


def test_a_chat(door: Door) -> None:
    """A whole answer has its text, its tokens and the request's id."""
    said = asked(door, "chat", "openai/mock-3")
    assert (said["text"], said["tokens"]) == ("t0 t1 t2 ", 5)
    assert said["id"].startswith("req_")


def test_a_stream(door: Door) -> None:
    """Thoughts and text are put together from their pieces, and the end is known."""
    said = asked(door, "stream", "anthropic/reasoning-3")
    assert said["blocks"] == [
        {"type": "thinking", "thinking": "r0 r1 r2 ", "signature": "c2lnbmVk"},
        {"type": "text", "text": "t0 t1 t2 "},
    ]
    assert said["reason"] == "end_turn"
    assert said["types"][-1] == "message_stop"


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_tools(door: Door, provider: str) -> None:
    """Calls are put together, and their results go back to a model of either vendor."""
    said = asked(door, "tools", f"{provider}/tools-2")
    assert said["inputs"][0] == {"city": 'Kraków "0" 🙂', "days": 0}
    assert (said["inputs"][1]["days"], said["then"]) == (1, "t0 ")


def test_counting(door: Door) -> None:
    """Tokens are counted before anything is asked."""
    assert asked(door, "count", "openai/mock-3") > 0


def test_abort(door: Door) -> None:
    """To leave the loop closes the connection to the model at once."""
    skew = time.monotonic() - time.time()
    left = asked(door, "abort", "openai/mock-10000-20000")["left"] / 1000
    assert prompt(door.until_closed(left + skew))


@pytest.mark.parametrize(
    ("case", "model", "error"),
    [
        ("chat", "nobody/x", {"error": "NotFoundError", "status": 404, "type": "not_found_error"}),
        ("stream", "openai/status-503", {"status": 529, "type": "overloaded_error"}),
        ("chat", "openai/status-500", {"error": "InternalServerError", "status": 502}),
        ("stream", "openai/cut-3", {"error": "APIError", "type": "api_error"}),
    ],
)
def test_the_right_error(door: Door, case: str, model: str, error: dict[str, Any]) -> None:
    """Each failure raises the SDK's own class for it, also in the middle of a stream."""
    said = asked(door, case, model)
    assert {name: said.get(name) for name in error} == error


def test_a_wrong_key(door: Door) -> None:
    """It is told in the class for that."""
    assert asked(door, "chat", "openai/mock-1", "parley_" + "x" * 43) == {
        "error": "AuthenticationError", "status": 401, "type": "authentication_error",
    }  # fmt: skip
