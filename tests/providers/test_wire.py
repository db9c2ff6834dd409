"""From a vendor's bytes to events, below the network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import CutOff, Overloaded, ProtocolBroken, ProviderError
from app.events import Finish, ModelEvent, ReasoningDelta, TextDelta
from app.providers.chat_completions import ChatCompletions
from app.providers.faults import Origin, from_status
from app.providers.messages_api import MessagesApi
from app.providers.wire import Dialect, events
from tests.properties import cut, examples, texts
from tests.upstream import formats

_ORIGIN = Origin("own", "x")
_VENDORS: list[tuple[type[ChatCompletions | MessagesApi], formats.Format]] = [
    (ChatCompletions, formats.ChatCompletions()),
    (MessagesApi, formats.MessagesApi()),
]
_each = pytest.mark.parametrize("vendor", [0, 1], ids=["openai", "anthropic"])
_places = st.lists(st.integers(0, 5_000), max_size=6)


def dialect(vendor: int) -> Dialect:
    return _VENDORS[vendor][0](_ORIGIN)


def answer(vendor: int, said: Sequence[str]) -> bytes:
    format_ = _VENDORS[vendor][1]
    body = b"".join(format_.piece("x", text) for text in said)
    return format_.opening("x") + body + format_.closing("x", len(said), usage=True)


def until_it_breaks(
    vendor: int, chunks: list[bytes]
) -> tuple[list[ModelEvent], ProviderError | None]:
    got: list[ModelEvent] = []
    try:
        for batch in events(chunks, dialect(vendor), _ORIGIN):
            got += batch
    except ProviderError as error:
        return got, error
    return got, None


def text(got: list[ModelEvent]) -> str:
    return "".join(event.text for event in got if isinstance(event, TextDelta))


@_each
@examples(50)
@given(st.lists(texts, max_size=5), _places)
def test_any_answer_in_any_pieces(vendor: int, said: list[str], places: list[int]) -> None:
    """Wherever the reads cut the body, the text is whole and the Finish is the last event."""
    got, error = until_it_breaks(vendor, cut(answer(vendor, said), places))
    assert error is None
    assert text(got) == "".join(said)
    assert got[-1] == Finish("stop")


@_each
@examples(60)
@given(st.lists(texts, max_size=4), _places, st.sampled_from(["broken", "error", "cut"]))
def test_what_came_before_a_fault_is_delivered(
    vendor: int, said: list[str], places: list[int], kind: str
) -> None:
    """A fault takes no text back, not even what came in the same read with it."""
    format_ = _VENDORS[vendor][1]
    body = format_.opening("x") + b"".join(format_.piece("x", text) for text in said)
    body += {
        "broken": b'data: {"choices": [{"del\n\n',
        "error": format_.error("overloaded_error", "Overloaded"),
        "cut": b"",
    }[kind]
    got, error = until_it_breaks(vendor, cut(body, places))
    assert type(error) is {"broken": ProtocolBroken, "error": Overloaded, "cut": CutOff}[kind]
    assert text(got) == "".join(said)


@pytest.mark.parametrize(
    ("vendor", "piece"),
    [
        (0, lambda half: {"choices": [{"delta": {"reasoning_content": half}}]}),
        (0, lambda half: {"choices": [{"delta": {"reasoning": half}}]}),
        (
            1,
            lambda half: {
                "type": "content_block_delta",
                "delta": {"type": "thinking_delta", "thinking": half},
            },
        ),
    ],
    ids=["deepseek", "ollama", "anthropic"],
)
def test_thoughts_are_whole_characters_too(vendor: int, piece: Any) -> None:
    """An emoji cut in two by a model that thinks aloud is one again, and can be stored."""
    closing = _VENDORS[vendor][1].closing("x", 1, usage=True)
    halves = [b"data: " + json.dumps(piece(half)).encode() + b"\n\n" for half in "\ud83d\ude00"]
    got, error = until_it_breaks(vendor, [*halves, closing])
    assert error is None
    assert "".join(e.text for e in got if isinstance(e, ReasoningDelta)) == "😀"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 418, 429, 500, 502, 503, 529])
@pytest.mark.parametrize(
    "body", [None, "", [], {}, {"error": None}, {"error": "x"}, {"error": {"message": 5}}]
)
def test_a_vendor_that_says_nothing(status: int, body: object) -> None:
    """Whatever the body of an error is, ours is one sentence or two, without a loose end."""
    detail = from_status(_ORIGIN, status, body, {}).detail
    assert detail == detail.strip()
    assert detail.endswith(".")


_DEEP = b"[" * 100_000 + b"]" * 100_000


@_each
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'{"type": 5, "choices": 5}',
        b'{"type": null, "x": 1e999, "choices": [null]}',
        b'{"type": "\xff", "choices": [{"delta": {"content": "\xff"}}]}',
        b'{"type": "x", "y": ' + _DEEP + b"}",
        b'{"type": "error", "error": ' + _DEEP + b"}",
    ],
    ids=range(8),
)
def test_a_frame_that_nobody_can_read(vendor: int, data: bytes) -> None:
    """Bytes that are no UTF-8, nesting without end, other shapes: ProtocolBroken, nothing else."""
    _, error = until_it_breaks(vendor, [b"data: " + data + b"\n\n"])
    assert type(error) is ProtocolBroken
