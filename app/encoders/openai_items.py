"""The items of a response's output: what is said, what is thought, what is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

JSON = dict[str, Any]

# A frame's type, and what is in it besides.
Frame = tuple[str, JSON]


class Item(Protocol):
    """One item while it is written; `open` and `close` give the frames that tell of it."""

    status: str

    def open(self) -> Iterator[Frame]: ...

    def close(self, status: str) -> Iterator[Frame]: ...

    def whole(self) -> JSON:
        """As it is by now."""
        ...


class Said:
    """A message. Its pieces of text have frames of their own, which are made elsewhere."""

    def __init__(self, item_id: str, index: int) -> None:
        self.texts: list[str] = []
        self.place: JSON = {"item_id": item_id, "output_index": index, "content_index": 0}
        self.status = "in_progress"
        self._id = item_id
        self._index = index

    def open(self) -> Iterator[Frame]:
        item = {**self.whole(), "content": []}
        yield "response.output_item.added", {"output_index": self._index, "item": item}
        yield "response.content_part.added", {**self.place, "part": _text("")}

    def close(self, status: str) -> Iterator[Frame]:
        self.status = status
        text = "".join(self.texts)
        yield "response.output_text.done", {**self.place, "text": text, "logprobs": []}
        yield "response.content_part.done", {**self.place, "part": _text(text)}
        yield "response.output_item.done", {"output_index": self._index, "item": self.whole()}

    def whole(self) -> JSON:
        content = [_text("".join(self.texts))]
        named = {"id": self._id, "type": "message", "status": self.status}
        return {**named, "role": "assistant", "content": content}


class Thought:
    """A summary of what a model thought."""

    def __init__(self, item_id: str, index: int) -> None:
        self.texts: list[str] = []
        self.place: JSON = {"item_id": item_id, "output_index": index, "summary_index": 0}
        self.status = "in_progress"
        self._id = item_id
        self._index = index

    def open(self) -> Iterator[Frame]:
        item = {**self.whole(), "summary": []}
        yield "response.output_item.added", {"output_index": self._index, "item": item}
        yield "response.reasoning_summary_part.added", {**self.place, "part": _summary("")}

    def close(self, status: str) -> Iterator[Frame]:
        self.status = status
        text = "".join(self.texts)
        yield "response.reasoning_summary_text.done", {**self.place, "text": text}
        yield "response.reasoning_summary_part.done", {**self.place, "part": _summary(text)}
        yield "response.output_item.done", {"output_index": self._index, "item": self.whole()}

    def whole(self) -> JSON:
        summary = [_summary("".join(self.texts))]
        return {"id": self._id, "type": "reasoning", "status": self.status, "summary": summary}


class Called:
    """A call of a function."""

    def __init__(self, item_id: str, index: int, call_id: str, name: str) -> None:
        self.texts: list[str] = []
        self.place: JSON = {"item_id": item_id, "output_index": index}
        self.name = name
        self.status = "in_progress"
        self._id = item_id
        self._index = index
        self._call_id = call_id

    def open(self) -> Iterator[Frame]:
        item = self.whole()
        yield "response.output_item.added", {"output_index": self._index, "item": item}

    def close(self, status: str) -> Iterator[Frame]:
        self.status = status
        written = {"name": self.name, "arguments": "".join(self.texts)}
        yield "response.function_call_arguments.done", {**self.place, **written}
        yield "response.output_item.done", {"output_index": self._index, "item": self.whole()}

    def whole(self) -> JSON:
        named = {"id": self._id, "type": "function_call", "status": self.status}
        arguments = "".join(self.texts)
        return {**named, "call_id": self._call_id, "name": self.name, "arguments": arguments}


def _text(text: str) -> JSON:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _summary(text: str) -> JSON:
    return {"type": "summary_text", "text": text}
