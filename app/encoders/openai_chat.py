"""A run as OpenAI's chat completions: chunks of a stream, or one object.

`data: [DONE]` follows the end of an answer, and of nothing else: what breaks is a chunk with an
`error`, on which OpenAI's SDKs raise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from app.encoders import openai_usage
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
    collect,
)
from app.ids import moment

JSON = dict[str, Any]
Form = Callable[[Problem], tuple[int, JSON]]

_DONE = "data: [DONE]\n\n"
_dumps = json.JSONEncoder(separators=(",", ":")).encode


class Chunks:
    """`encode` makes the frames of one run, in order. `usage`: the client has asked for it."""

    def __init__(self, run_id: str, form: Form, *, usage: bool) -> None:
        self._form = form
        self._usage = usage
        self._run_id = run_id
        self._model = ""
        self._head = ""
        self._calls: dict[str, list[str]] = {}  # what is written of each, in their order
        self._begin("")

    def encode(self, _number: int, event: Event) -> str:
        """ASCII only. Empty for what the format has no word for."""
        if type(event) is TextDelta:  # this runs for every token
            return f'{self._head}{{"content":{quoted(event.text)}}},"finish_reason":null}}]}}\n\n'
        return self._other(event)

    def _other(self, event: Event) -> str:
        match event:
            case ReasoningDelta():
                return self._delta({"reasoning_content": event.text})
            case ToolInputDelta(call_id, name, text):
                return self._call(call_id, name, text)
            case ToolCall(call_id, name, arguments):
                return self._rest(call_id, name, arguments)
            case Start() | Began():
                self._begin(event.model)
                return self._delta({"role": "assistant", "content": ""})
            case Done(finish_reason="stopped"):
                return _data(self._form(RunStopped().problem())[1])
            case Done():
                return self._end(event)
            case Failure():
                return _data(self._form(event.problem)[1])
            case ReasoningSignature():
                return ""
            case _:
                return ""

    def _begin(self, model: str) -> None:
        self._model = model
        beginning = _dumps({**_frame(self._run_id, model), "choices": [{"index": 0}]})
        self._head = f'data: {beginning[:-3]},"delta":'

    def _delta(self, delta: JSON, reason: str | None = None) -> str:
        return f'{self._head}{_dumps(delta)},"finish_reason":{_dumps(reason)}}}]}}\n\n'

    def _call(self, call_id: str, name: str, text: str) -> str:
        """Id and name come with the first piece alone."""
        if call_id in self._calls:
            begun: JSON = {"function": {"arguments": text}}
        else:
            self._calls[call_id] = []
            begun = _call(call_id, name, text)
        self._calls[call_id].append(text)
        index = list(self._calls).index(call_id)
        return self._delta({"tool_calls": [{"index": index, **begun}]})

    def _rest(self, call_id: str, name: str, arguments: str) -> str:
        """What was not streamed of a call that is whole now."""
        written = "".join(self._calls.get(call_id, ()))
        if call_id in self._calls and not arguments.startswith(written):
            return ""
        rest = arguments[len(written) :]
        return self._call(call_id, name, rest) if rest or call_id not in self._calls else ""

    def _end(self, end: Done) -> str:
        last = self._delta({}, end.finish_reason)
        if self._usage:
            usage = openai_usage.of_chat(end)
            last += _data({**_frame(self._run_id, self._model), "choices": [], "usage": usage})
        return last + _DONE


def completion(run_id: str, events: Sequence[Event], end: Done) -> JSON:
    """The whole answer of a run that has ended well."""
    answer = collect(events)
    model = next(event.model for event in events if isinstance(event, (Start, Began)))
    message: JSON = {"role": "assistant", "content": answer.text or None, "refusal": None}
    if answer.calls:
        message["tool_calls"] = [_call(c.call_id, c.name, c.arguments) for c in answer.calls]
    elif not answer.text:
        message["content"] = ""
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": end.finish_reason}
    return {
        **_frame(run_id, model, "chat.completion"),
        "choices": [choice],
        "usage": openai_usage.of_chat(end),
    }


def _frame(run_id: str, model: str, kind: str = "chat.completion.chunk") -> JSON:
    made = moment(run_id) // 1000
    return {"id": f"chatcmpl-{run_id}", "object": kind, "created": made, "model": model}


def _call(call_id: str, name: str, arguments: str) -> JSON:
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def _data(document: JSON) -> str:
    return f"data: {_dumps(document)}\n\n"
