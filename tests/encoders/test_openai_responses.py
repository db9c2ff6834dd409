"""Events of OpenAI's responses, for every log that there can be."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from app.blueprints.openai_responses import FORM
from app.encoders.openai_responses import Events
from app.events import Began, Done, Event, Failure, TextDelta, collect
from tests.encoders.openai_logs import RUN, USAGE, logs

_ENDS = {"response.completed", "response.incomplete", "response.failed"}


def encoded(log: list[Event]) -> list[dict[str, Any]]:
    events = Events(RUN, FORM, {"tools": []})
    body = "".join(events.encode(n, event) for n, event in enumerate(log, 1))
    assert body.isascii()
    told = []
    for frame in body.split("\n\n")[:-1]:
        name, data = frame.split("\n")
        told.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {told[-1]['type']}"
    return told


@given(logs())
def test_nothing_is_lost(log: list[Event]) -> None:
    """Text, reasoning and calls, put together from the deltas, are those of the run."""
    told, answer = encoded(log), collect(log)

    def joined(kind: str) -> str:
        return "".join(e["delta"] for e in told if e["type"] == f"response.{kind}.delta")

    assert joined("output_text") == answer.text
    assert joined("reasoning_summary_text") == answer.reasoning
    done = [e for e in told if e["type"] == "response.function_call_arguments.done"]
    assert {e["item_id"]: e["arguments"] for e in done}.keys() == {e["item_id"] for e in done}
    assert sorted(e["arguments"] for e in done) == sorted(c.arguments for c in answer.calls)


@given(logs())
def test_numbers_have_no_gap(log: list[Event]) -> None:
    """Events are numbered from 0 on, and one ending comes last."""
    told = encoded(log)
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert [event["type"] in _ENDS for event in told] == [False] * (len(told) - 1) + [True]
    assert [event["type"] for event in told[:2]] == ["response.created", "response.in_progress"]


@given(logs())
def test_what_is_opened_is_closed(log: list[Event]) -> None:
    """Where the run ended well each item has its beginning, its pieces and its end, in order."""
    told = encoded(log)
    opened = [e["output_index"] for e in told if e["type"] == "response.output_item.added"]
    closed = [e["output_index"] for e in told if e["type"] == "response.output_item.done"]
    assert opened == list(range(len(opened)))
    if isinstance(log[-1], Done):
        assert sorted(closed) == opened
    for event in told:
        if event["type"].endswith(".delta"):
            at = told.index(event)
            before = [
                e["type"] for e in told[:at] if e.get("output_index") == event["output_index"]
            ]
            assert "response.output_item.added" in before
            assert "response.output_item.done" not in before


@given(logs())
def test_the_end_has_all_of_it(log: list[Event]) -> None:
    """The last event's response has every item as it became, and says how it ended."""
    end, answer = encoded(log)[-1], collect(log)
    response = end["response"]
    texts = [i["content"][0]["text"] for i in response["output"] if i["type"] == "message"]
    assert "".join(texts) == answer.text
    assert end["type"] == f"response.{response['status']}"
    if isinstance(log[-1], Failure):
        assert response["error"]["message"] == "It broke."
    else:
        assert response["usage"]["output_tokens"] == USAGE.output_tokens
        assert response["error"] is None


@given(logs())
def test_a_whole_answer_is_the_same(log: list[Event]) -> None:
    """Not streamed, the answer is the response that ends the stream."""
    end = log[-1]
    if isinstance(end, Done):
        whole = Events(RUN, FORM, {"tools": []}).response(log, end)
        assert whole == encoded(log)[-1]["response"]


def test_a_stopped_run_has_failed() -> None:
    """OpenAI has no word for it, so it is no answer; its item is marked."""
    told = encoded([Began(RUN, "m/m"), TextDelta("a"), Done("stopped", USAGE, None)])
    assert told[-1]["response"]["error"]["code"] == "stopped"
    assert told[-1]["response"]["output"][0]["status"] == "incomplete"
