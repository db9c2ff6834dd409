"""Chunks of OpenAI's chat completions, for every log that there can be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from app.blueprints.openai_chat import FORM
from app.encoders import sse
from app.encoders.openai_chat import Chunks, completion
from app.errors import ParleyError
from app.events import Began, Done, Event, Failure, TextDelta, collect
from tests.encoders.openai_logs import RUN, USAGE, logs


def encoded(log: list[Event], *, usage: bool = True) -> list[str]:
    """The data of each event, one after the other."""
    chunks = Chunks(RUN, FORM, usage=usage)
    body = "".join(chunks.encode(n, event) for n, event in enumerate(log, 1))
    assert body.isascii()
    frames = body.split("\n\n")
    assert frames.pop() == ""
    assert all(frame.startswith("data: ") and "\n" not in frame for frame in frames)
    return [frame.removeprefix("data: ") for frame in frames]


def deltas(data: list[str]) -> list[dict[str, Any]]:
    found = [json.loads(each) for each in data if each != "[DONE]"]
    return [chunk["choices"][0]["delta"] for chunk in found if chunk.get("choices")]


def called(data: list[str]) -> dict[int, dict[str, str]]:
    """The calls, put together as clients do it: by index."""
    calls: dict[int, dict[str, str]] = {}
    for delta in deltas(data):
        for piece in delta.get("tool_calls", ()):
            call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] += piece.get("id", "")
            for name, text in piece["function"].items():
                call[name] += text
    return calls


@given(logs())
def test_nothing_is_lost(log: list[Event]) -> None:
    """Text, reasoning and calls, put together from the chunks, are those of the run."""
    data, answer = encoded(log), collect(log)
    assert "".join(delta.get("content") or "" for delta in deltas(data)) == answer.text
    thought = "".join(delta.get("reasoning_content", "") for delta in deltas(data))
    assert thought == answer.reasoning
    assert list(called(data)) == list(range(len(answer.calls)))
    assert {c["id"]: (c["name"], c["arguments"]) for c in called(data).values()} == {
        c.call_id: (c.name, c.arguments) for c in answer.calls
    }


@given(logs())
def test_there_is_one_ending(log: list[Event]) -> None:
    """What was done ends with a reason, the usage and [DONE]; what broke with an error alone."""
    data = encoded(log)
    chunks = [json.loads(each) for each in data if each != "[DONE]"]
    reasons = [c["choices"][0]["finish_reason"] for c in chunks if c.get("choices")]
    if isinstance(log[-1], Done):
        assert data[-1] == "[DONE]"
        assert data.count("[DONE]") == 1
        assert [r for r in reasons if r] == [log[-1].finish_reason]
        assert chunks[-1]["usage"]["total_tokens"] == USAGE.input_tokens + USAGE.output_tokens
        assert not any("error" in chunk for chunk in chunks)
    else:
        assert "[DONE]" not in data
        assert [chunk for chunk in chunks if "error" in chunk] == chunks[-1:]
        assert not any(reasons)


@given(logs())
def test_every_chunk_is_of_one_answer(log: list[Event]) -> None:
    """Id, model and time are the same in all, and the first one has the role."""
    data = encoded(log)
    chunks = [json.loads(each) for each in data if each != "[DONE]"]
    same = {(c["id"], c["object"], c["created"], c["model"]) for c in chunks if "error" not in c}
    assert len(same) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}


@given(logs())
def test_a_whole_answer_is_the_same(log: list[Event]) -> None:
    """Not streamed, the answer has what the stream has."""
    end = log[-1]
    if isinstance(end, Failure):
        return
    assert isinstance(end, Done)
    said, answer = completion(RUN, log, end), collect(log)
    choice = said["choices"][0]
    assert (choice["message"]["content"] or "") == answer.text
    calls = choice["message"].get("tool_calls", [])
    assert [call["function"]["arguments"] for call in calls] == [
        call.arguments for call in answer.calls
    ]
    assert choice["finish_reason"] == end.finish_reason
    assert said["usage"]["cost_usd"] == 0.5


def test_usage_is_for_who_asks() -> None:
    """Without `include_usage` no chunk has any, as old clients want it."""
    log: list[Event] = [Began(RUN, "m/m"), TextDelta("a"), Done("stop", USAGE, None)]
    assert not any("usage" in each for each in encoded(log, usage=False))


def test_a_stopped_run_is_no_answer() -> None:
    """OpenAI has no word for it, so it is an error and not an end."""
    data = encoded([Began(RUN, "m/m"), TextDelta("a"), Done("stopped", USAGE, None)])
    assert json.loads(data[-1])["error"]["code"] == "stopped"


def test_a_fault_in_the_encoder_is_an_error() -> None:
    """A stream that breaks here ends in an error too, which hides what broke."""

    def broken() -> Any:
        yield [Began(RUN, "m/m")]
        raise ZeroDivisionError

    stream = sse.EventStream(Chunks(RUN, FORM, usage=False).encode)
    last = b"".join(stream.frames(broken())).split(b"data: ")[-1]
    assert json.loads(last)["error"]["message"] == ParleyError().detail


def test_nothing_to_say_sends_nothing() -> None:
    """An empty frame would end a chunked body: the connection is not offered one."""

    class Refusing:
        def offer(self, frames: str, last: bool) -> bool:
            raise AssertionError(frames)

        def flush(self) -> None: ...

    from app.events import UsageReport

    stream = sse.EventStream(Chunks(RUN, FORM, usage=False).encode, 0, Refusing())
    assert stream.offer([UsageReport(USAGE, None)], False)


@pytest.mark.parametrize("text", ["\n", "\r", "\u2028", "\u0085", '"', "\\", "\0", "😀", "data: "])
def test_a_text_cannot_break_its_frame(text: str) -> None:
    """Whatever a token is, it is one line of JSON."""
    data = encoded([Began(RUN, "m/m"), TextDelta(text), Done("stop", USAGE, None)])
    assert deltas(data)[1]["content"] == text
