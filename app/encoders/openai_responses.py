"""A run as OpenAI's responses: events of a stream, or one object.

Every stream ends in one of `response.completed`, `response.incomplete` and `response.failed`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from app.encoders import openai_usage
from app.encoders.openai_items import Called, Frame, Item, Said, Thought
from app.errors import Problem, RunStopped
from app.events import (
    Began,
    Done,
    Event,
    Failure,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    TextDelta,
    ToolCall,
    ToolInputDelta,
)
from app.ids import moment

JSON = dict[str, Any]
Form = Callable[[Problem], tuple[int, JSON]]

_dumps = json.JSONEncoder(separators=(",", ":")).encode
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class Events:
    """`encode` makes the frames of one run, in order. `echo` is said of the request again."""

    def __init__(self, run_id: str, form: Form, echo: JSON) -> None:
        self._run_id = run_id
        self._form = form
        self._echo = echo
        self._model = ""
        self._number = -1
        self._items: list[Item] = []
        self._open: Said | Thought | None = None
        self._calls: dict[str, Called] = {}
        self._place = ""

    def encode(self, _number: int, event: Event) -> str:
        """ASCII only. Empty for what the format has no word for."""
        if type(event) is TextDelta and type(self._open) is Said:  # this runs for every token
            self._number = number = self._number + 1
            self._open.texts.append(event.text)
            return f'{self._place}{quoted(event.text)},"sequence_number":{number}}}\n\n'
        return "".join([self._framed(name, said) for name, said in self._told(event)])

    def _told(self, event: Event) -> Sequence[Frame]:
        match event:
            case TextDelta(text):
                return self._piece(Said, "msg", "output_text", text)
            case ReasoningDelta(text):
                return self._piece(Thought, "rs", "reasoning_summary_text", text)
            case ToolInputDelta(call_id, name, text):
                return self._call(call_id, name, text)
            case ToolCall(call_id, name, arguments):
                return self._called(call_id, name, arguments)
            case Start() | Began():
                self._model = event.model
                begun = {"response": self._response("in_progress")}
                return [("response.created", begun), ("response.in_progress", begun)]
            case Done(finish_reason="stopped"):
                return self._failed(RunStopped().problem())
            case Done():
                return self._end(event)
            case Failure():
                return self._failed(event.problem)
            case ReasoningSignature():
                return ()
            case _:
                return ()

    def _piece(
        self, kind: type[Said] | type[Thought], prefix: str, name: str, text: str
    ) -> Sequence[Frame]:
        frames: list[Frame] = []
        if type(self._open) is not kind:
            frames += self._close()
            self._open = kind(self._id(prefix), len(self._items))
            self._items.append(self._open)
            frames += self._open.open()
            self._place = self._beginning(self._open.place)
        assert self._open is not None
        self._open.texts.append(text)
        logprobs: JSON = {"logprobs": []} if kind is Said else {}
        return [
            *frames,
            (f"response.{name}.delta", {**self._open.place, **logprobs, "delta": text}),
        ]

    def _beginning(self, place: JSON) -> str:
        """Of the frame of a token, up to its text."""
        name = "response.output_text.delta"
        said = _dumps({"type": name, **place, "logprobs": [], "delta": 0})
        return f"event: {name}\ndata: {said[:-2]}"

    def _close(self, status: str = "completed") -> Sequence[Frame]:
        item, self._open = self._open, None
        return () if item is None else [*item.close(status)]

    def _call(self, call_id: str, name: str, text: str) -> Sequence[Frame]:
        frames: list[Frame] = []
        call = self._calls.get(call_id)
        if call is None:
            frames += self._close()
            call = Called(self._id("fc"), len(self._items), call_id, name)
            self._calls[call_id] = call
            self._items.append(call)
            frames += call.open()
        if text:
            call.texts.append(text)
            delta = {**call.place, "delta": text}
            frames.append(("response.function_call_arguments.delta", delta))
        return frames

    def _called(self, call_id: str, name: str, arguments: str) -> Sequence[Frame]:
        """What was not streamed of a call that is whole now, and its end."""
        known = self._calls.get(call_id)
        written = "".join(known.texts) if known else ""
        frames = self._call(call_id, name, arguments[len(written) :])
        return [*frames, *self._calls[call_id].close("completed")]

    def _end(self, end: Done) -> Sequence[Frame]:
        status = "incomplete" if end.finish_reason in _INCOMPLETE else "completed"
        frames = self._finish(status)
        response = self._response(status, usage=openai_usage.of_responses(end))
        if status == "incomplete":
            response["incomplete_details"] = {"reason": _INCOMPLETE[end.finish_reason]}
        return [*frames, (f"response.{status}", {"response": response})]

    def _failed(self, problem: Problem) -> Sequence[Frame]:
        for item in self._items:
            item.status = "completed" if item.status == "completed" else "incomplete"
        error = self._form(problem)[1]["error"]
        told = {"code": error["code"], "message": error["message"]}
        return [("response.failed", {"response": {**self._response("failed"), "error": told}})]

    def _finish(self, status: str) -> list[Frame]:
        """The ends of what is open still."""
        frames = [*self._close(status)]
        for call in self._calls.values():
            if call.status == "in_progress":
                frames += call.close(status)
        return frames

    def _response(self, status: str, usage: JSON | None = None) -> JSON:
        output = [item.whole() for item in self._items]
        return {
            **_frame(self._run_id, self._model, status),
            "output": output,
            "usage": usage,
            **self._echo,
        }

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._run_id}_{len(self._items)}"

    def _framed(self, name: str, said: JSON) -> str:
        self._number += 1
        data = _dumps({"type": name, **said, "sequence_number": self._number})
        return f"event: {name}\ndata: {data}\n\n"

    def response(self, events: Sequence[Event], end: Done) -> JSON:
        """The whole answer of a run that has ended well."""
        last: Sequence[Frame] = ()
        for event in events:
            last = self._told(event) or last
        found: JSON = last[-1][1]["response"]
        return found


def _frame(run_id: str, model: str, status: str) -> JSON:
    return {
        "id": f"resp_{run_id}",
        "object": "response",
        "created_at": moment(run_id) // 1000,
        "status": status,
        "model": model,
        "error": None,
        "incomplete_details": None,
    }
