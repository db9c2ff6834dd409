"""Tool calls off the wire, in the shapes in which servers send them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import CutOff, ProviderError
from app.events import Finish, FinishReason, ModelEvent, TextDelta, ToolCall, ToolInputDelta
from app.messages import Message, ToolCallPart, ToolResultPart, user
from app.providers.base import ModelRequest, Provider, Tool
from app.providers.chat_completions import ChatCompletions
from app.providers.faults import Origin
from app.providers.messages_api import MessagesApi
from app.providers.wire import events
from tests.properties import cut, examples, texts
from tests.upstream import Upstream, formats
from tests.upstream.answers import Call, arguments
from tests.upstream.frames import data, event

_ORIGIN = Origin("own", "x")
_each = pytest.mark.parametrize("dialect", [ChatCompletions, MessagesApi])
_objects = st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=3)
_places = st.lists(st.integers(0, 5_000), max_size=6)

Dialect = type[ChatCompletions] | type[MessagesApi]
_FORMATS: dict[Dialect, formats.Format] = {
    ChatCompletions: formats.ChatCompletions(),
    MessagesApi: formats.MessagesApi(),
}


def _units(text: str) -> list[str]:
    """UTF-16 code units: cut between two of them, an emoji's escapes come in two frames."""
    raw = text.encode("utf-16-le")
    return [chr(int.from_bytes(raw[at : at + 2], "little")) for at in range(0, len(raw), 2)]


@st.composite
def _calls(draw: st.DrawFn) -> tuple[list[Call], list[tuple[str, str]]]:
    """Calls whose arguments, written with or without escapes, are cut anywhere.

    With the name and the whole arguments of each.
    """
    calls, whole = [], []
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(["now", "weather"]))
        text = json.dumps(draw(_objects), ensure_ascii=draw(st.booleans()))
        units = _units(text)
        ends = sorted({place % (len(units) + 1) for place in draw(_places)} | {len(units)})
        pieces = ["".join(units[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
        calls.append(Call(name, pieces))
        whole.append((name, text))
    return calls, whole


def _answer(dialect: Dialect, calls: Sequence[Call]) -> tuple[bytes, bytes]:
    """The calls, and the end. OpenAI's pieces of several calls take turns."""
    format_ = _FORMATS[dialect]
    end = format_.closing("x", 1, usage=True, reason="tool_calls", block=len(calls) - 1)
    return b"".join(format_.calling("x", calls)), end


def _one(dialect: Dialect, *pieces: str) -> list[tuple[str, str]]:
    """The calls of an answer that has one, of the tool `now`."""
    called = _called(_whole(dialect, *_answer(dialect, [Call("now", pieces)])))
    return [(name, arguments) for _, name, arguments in called]


def _read(
    dialect: Dialect, chunks: Sequence[bytes]
) -> tuple[list[ModelEvent], ProviderError | None]:
    got: list[ModelEvent] = []
    try:
        for batch in events(chunks, dialect(_ORIGIN), _ORIGIN):
            got += batch
    except ProviderError as error:
        return got, error
    return got, None


def _whole(dialect: Dialect, *chunks: bytes) -> list[ModelEvent]:
    got, error = _read(dialect, chunks)
    assert error is None
    return got


def _called(got: Sequence[ModelEvent]) -> list[tuple[str, str, str]]:
    return [(e.call_id, e.name, e.arguments) for e in got if isinstance(e, ToolCall)]


def _streamed(got: Sequence[ModelEvent]) -> dict[tuple[str, str], str]:
    """What came of each call before it was complete, by id and name."""
    pieces: dict[tuple[str, str], str] = {}
    for seen in got:
        if isinstance(seen, ToolInputDelta):
            key = (seen.call_id, seen.name)
            pieces[key] = pieces.get(key, "") + seen.text
    return pieces


@_each
@examples(40)
@given(_calls(), _places)
def test_calls_in_any_pieces(
    dialect: Dialect, made: tuple[list[Call], list[tuple[str, str]]], places: list[int]
) -> None:
    """However arguments are cut over frames and bytes over reads, the same calls come whole.

    They come in order and each with an id of its own, their pieces add up to them, and behind
    them there is only the Finish.
    """
    calls, expected = made
    got = _whole(dialect, *cut(b"".join(_answer(dialect, calls)), places))
    called = _called(got)
    assert [(name, arguments) for _, name, arguments in called] == expected
    assert _streamed(got) == {(call_id, name): said for call_id, name, said in called}
    assert len(_streamed(got)) == len(expected)
    assert got[-1] == Finish("tool_calls")


@_each
@examples(40)
@given(_calls(), st.integers(0, 20_000))
def test_a_cut_leaves_no_half_call(
    dialect: Dialect, made: tuple[list[Call], list[tuple[str, str]]], place: int
) -> None:
    """A stream that ends before its end is CutOff, and a call that had begun is not a ToolCall."""
    calls, expected = made
    body, _ = _answer(dialect, calls)
    first = body.index(b"\n\n") + 2
    body = body[: first + place % (len(body) - first + 1)]
    got, error = _read(dialect, [body])
    assert type(error) is CutOff
    # In OpenAI's format only the end says that a call is complete.
    complete = sum(b'"content_block_stop"' in frame for frame in body.split(b"\n\n")[:-1])
    assert complete < len(expected)
    assert [(name, said) for _, name, said in _called(got)] == expected[:complete]


@pytest.mark.parametrize("count", [1, 2])
def test_calls_over_a_connection(adapter: Provider, upstream: Upstream, count: int) -> None:
    """Every adapter offers its tools, gets the calls, and hands back what came of them."""
    tools = tuple(Tool(name=n, description="", parameters={"type": "object"}) for n in "ab")
    request = ModelRequest(
        model=f"tools-{count}", messages=(user("hi"),), tools=tools, tool_choice="required"
    )
    got = [e for batch in adapter.stream(request) for e in batch]
    calls = [e for e in got if isinstance(e, ToolCall)]
    assert [(c.name, c.arguments) for c in calls] == [("ab"[n], arguments(n)) for n in range(count)]
    assert got[-1] == Finish("tool_calls")
    called = tuple(ToolCallPart(c.call_id, c.name, c.arguments) for c in calls)
    results = tuple(ToolResultPart(c.call_id, "42") for c in calls)
    said = (user("hi"), Message("assistant", called), Message("user", results))
    list(adapter.stream(ModelRequest(model="mock-1", messages=said, tools=tools)))
    first, second = upstream.requests
    assert len(first["tools"]) == 2
    assert first["tool_choice"] == ({"type": "any"} if adapter.name == "anthropic" else "required")
    kept = [block for m in second["messages"] for block in _results(m)]
    assert kept == [(c.call_id, "42") for c in calls]


def _results(message: dict[str, Any]) -> list[tuple[str, str]]:
    """Of tools, in a message of either vendor's."""
    if message["role"] == "tool":
        return [(message["tool_call_id"], message["content"])]
    blocks = message["content"] if isinstance(message["content"], list) else []
    return [(b["tool_use_id"], b["content"]) for b in blocks if b["type"] == "tool_result"]


def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
    return data({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


def piece(arguments: Any, **also: Any) -> dict[str, Any]:
    """A member of `delta.tool_calls`; `name` goes to the function, the rest beside it."""
    name = {"name": also.pop("name")} if "name" in also else {}
    return {**also, "function": {**name, "arguments": arguments}}


_END = chunk({}, "tool_calls") + b"data: [DONE]\n\n"


def _both(*pieces: dict[str, Any]) -> list[bytes]:
    """One chunk for each."""
    return [chunk({"tool_calls": [one]}) for one in pieces]


_NOW, _HERE = '{"zone":"UTC"}', '{"city":"Oslo"}'
_SHAPES: dict[str, list[bytes]] = {
    "id and name in every piece": _both(
        piece('{"zone":', index=0, id="a", name="now"),
        piece('"UTC"}', index=0, id="a", name="now"),
        piece('{"city":', index=1, id="b", name="weather"),
        piece('"Oslo"}', index=1, id="b", name="weather"),
    ),
    "the name in every piece": _both(
        piece(_NOW[:5], index=0, id="a", name="now"),
        piece(_NOW[5:], index=0, name="now"),
        piece(_HERE[:5], index=1, id="b", name="weather"),
        piece(_HERE[5:], index=1, id="", name="weather"),
    ),
    "an id made up for every piece": _both(
        piece("", index=0, id="a", name="now"),
        piece(_NOW[:5], index=0, id="x"),
        piece(_NOW[5:], index=0, id="y"),
        piece(_HERE, index=1, id="b", name="weather"),
    ),
    "empty names and ids after the first": _both(
        piece("", index=0, id="a", name="now"),
        piece(_NOW, index=0, id="", name=""),
        piece("", index=1, id="b", name="weather"),
        piece(_HERE, index=1, id="", name=""),
    ),
    "whole calls with index 0": _both(
        piece(_NOW, index=0, id="a", name="now"), piece(_HERE, index=0, id="b", name="weather")
    ),
    "whole calls without an index": _both(
        piece(_NOW, id="a", name="now"), piece(_HERE, id="b", name="weather")
    ),
    "pieces without an index": _both(
        piece(None, id="a", name="now"),
        piece(_NOW[:3]),
        piece(_NOW[3:]),
        piece("", id="b", name="weather"),
        piece(_HERE),
    ),
    "all in one chunk": [
        chunk(
            {
                "content": "So:",
                "tool_calls": [
                    piece(_NOW, index=0, id="a", name="now"),
                    piece(_HERE, index=1, id="b", name="weather"),
                ],
            }
        )
    ],
    "decoded arguments": _both(
        piece({"zone": "UTC"}, index=0, id="a", name="now"),
        piece({"city": "Oslo"}, index=1, id="b", name="weather"),
    ),
}


@pytest.mark.parametrize("shape", _SHAPES)
def test_calls_as_compatible_servers_send_them(shape: str) -> None:
    """Ids repeated, empty or invented, an index of 0 or none: they are two calls all the same."""
    got = _whole(ChatCompletions, *_SHAPES[shape], _END)
    assert _called(got) == [("a", "now", _NOW), ("b", "weather", _HERE)]
    assert _streamed(got) == {("a", "now"): _NOW, ("b", "weather"): _HERE}
    assert [e.text for e in got if isinstance(e, TextDelta)] == ["So:"] * ("one chunk" in shape)


@pytest.mark.parametrize("indexes", [(0, 1), (None, None)])
def test_a_call_without_an_id_gets_one(indexes: tuple[int | None, int | None]) -> None:
    """Results can be told apart, also where the server did not think of it."""
    pieces = [piece(_NOW, name="now", **({} if n is None else {"index": n})) for n in indexes]
    (first, *_), (second, *_) = _called(_whole(ChatCompletions, *_both(*pieces), _END))
    assert first != second
    assert all(call_id.isascii() and 1 < len(call_id) <= 40 for call_id in (first, second))


@_each
@pytest.mark.parametrize("pieces", [[], ["", ""], [" "]])
def test_no_arguments_are_an_empty_object(dialect: Dialect, pieces: list[str]) -> None:
    """A tool without parameters is called with `{}`, and it is seen as soon as it has a name."""
    got = _whole(dialect, *_answer(dialect, [Call("now", pieces)]))
    (call_id, *call), *others = _called(got)
    assert (call, others) == (["now", "{}"], [])
    opening = next(e for e in got if isinstance(e, ToolInputDelta))
    assert opening == ToolInputDelta(call_id, "now", "")


@_each
@pytest.mark.parametrize("text", ['{"zone": ', "[1]", "null", "UTC", '{"a": 1} {"b": 2}', "\ud83d"])
def test_arguments_that_are_no_object_are_not_mended(dialect: Dialect, text: str) -> None:
    """What the model wrote is the call's; half a character alone becomes U+FFFD."""
    assert _one(dialect, text) == [("now", text.replace("\ud83d", "\ufffd"))]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("tool_calls", "tool_calls"),
        ("stop", "tool_calls"),  # OpenAI itself, where the call was forced
        ("length", "length"),
        ("content_filter", "content_filter"),
    ],
)
def test_the_ending_of_an_answer_with_calls(said: str, reason: FinishReason) -> None:
    """Calls end an answer with `tool_calls`, unless something cut it."""
    called, _ = _answer(ChatCompletions, [Call("now", ["{}"])])
    assert _whole(ChatCompletions, called, chunk({}, said))[-1] == Finish(reason)


def _block(index: int, begins: dict[str, Any], delta: dict[str, Any] | None = None) -> bytes:
    """A content block of Anthropic's."""
    inside = [{"type": "content_block_delta", "index": index, "delta": delta}] if delta else []
    return b"".join(
        map(
            event,
            [
                {"type": "content_block_start", "index": index, "content_block": begins},
                *inside,
                {"type": "content_block_stop", "index": index},
            ],
        )
    )


def _message(*blocks: bytes) -> list[ModelEvent]:
    return _whole(MessagesApi, *blocks, event({"type": "message_stop"}))


def test_input_that_is_not_streamed() -> None:
    """A server of Anthropic's format may send a call's input whole, when its block begins."""
    begins = {"type": "tool_use", "id": "a", "name": "now", "input": {"zone": "UTC"}}
    assert _called(_message(_block(0, begins))) == [("a", "now", _NOW)]


def test_tools_of_the_vendor_are_not_ours() -> None:
    """Calls that Anthropic answers itself are nobody's to carry out."""
    begins = {"type": "server_tool_use", "id": "a", "name": "web_search", "input": {}}
    search = _block(0, begins, {"type": "input_json_delta", "partial_json": '{"query": "x"}'})
    found = _block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Found."})
    assert _message(search, found) == [TextDelta("Found."), Finish("stop")]
