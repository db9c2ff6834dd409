"""The parts of a message of the AI SDK's, and which of them are open.

A step is one answer of a model: what it says and calls, and what its calls came to. What it says
after that is the next.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Chunk = dict[str, Any]
Kind = Literal["text", "reasoning"]

_UNWHOLE = "The answer ended before this call was written to its end."
_UNANSWERED = "The answer ended before this call had a result."
# Calls are carried out here: a client neither knows their types nor is to do them itself.
_OURS = {"dynamic": True, "providerExecuted": True}


class Parts:
    """Each method returns the chunks that it takes; what is open already takes none."""

    def __init__(self) -> None:
        self.open: Kind | None = None
        self.id = ""  # of what is open
        self._count = 0
        self._in_step = False
        self._has_results = False
        self._writing: dict[str, tuple[str, str]] = {}  # by call: the tool, its arguments so far
        self._called: dict[str, str] = {}
        self._denied: set[str] = set()

    def begin(self, kind: Kind) -> list[Chunk]:
        """Text or reasoning comes."""
        chunks = self._step()
        self._count += 1
        self.open, self.id = kind, f"{kind}-{self._count}"
        return [*chunks, {"type": f"{kind}-start", "id": self.id}]

    def write(self, call_id: str, name: str, text: str) -> list[Chunk]:
        """A piece of a call's arguments."""
        if call_id in self._writing:
            chunks = []
        else:
            # Some vendors number their calls anew in every answer.
            self._called.pop(call_id, None)
            self._denied.discard(call_id)
            named = {"toolCallId": call_id, "toolName": name, **_OURS}
            chunks = [*self._step(), {"type": "tool-input-start", **named}]
        self._writing[call_id] = name, self._writing.get(call_id, ("", ""))[1] + text
        if text:
            chunks.append(
                {"type": "tool-input-delta", "toolCallId": call_id, "inputTextDelta": text}
            )
        return chunks

    def call(self, call_id: str, name: str, arguments: str) -> list[Chunk]:
        """A call is whole."""
        chunks = [] if call_id in self._writing else self.write(call_id, name, arguments)
        del self._writing[call_id]
        self._called[call_id] = name
        return [*chunks, _input(call_id, name, arguments)]

    def ask(self, call_id: str) -> list[Chunk]:
        """A person is asked whether the call may be carried out."""
        return [{"type": "tool-approval-request", "toolCallId": call_id, "approvalId": call_id}]

    def decide(self, call_id: str, *, approved: bool, arguments: str | None) -> list[Chunk]:
        """The person has answered, and may have changed the arguments."""
        said: Chunk = {"type": "tool-approval-response", "approvalId": call_id}
        name = self._called.get(call_id)
        if name is None:
            return []
        if not approved:
            self._denied.add(call_id)
        edited = [] if arguments is None else [_input(call_id, name, arguments)]
        return [*edited, {**said, "approved": approved, "providerExecuted": True}]

    def result(self, call_id: str, output: Any, error: str | None) -> list[Chunk]:
        """What a call has come to; it is ignored where there was none."""
        if self._called.pop(call_id, None) is None:
            return []
        self._has_results = True
        if call_id in self._denied:
            return [{"type": "tool-output-denied", "toolCallId": call_id}]
        if error is not None:
            return [_failed(call_id, error)]
        done = {"toolCallId": call_id, "output": output, **_OURS}
        return [{"type": "tool-output-available", **done}]

    def close(self, *, broken: bool) -> list[Chunk]:
        """The message ends. If it is `broken`, calls without a result get none any more."""
        chunks = self._end_part()
        for call_id, (name, text) in self._writing.items():
            chunks.append(_bad(call_id, name, text, _UNWHOLE))
        if broken:
            chunks += [_failed(call_id, _UNANSWERED) for call_id in self._called]
        if self._in_step:
            chunks.append({"type": "finish-step"})
        self.__init__()  # type: ignore[misc]  # nothing is open any more
        return chunks

    def _step(self) -> list[Chunk]:
        """A model speaks: in the step there is, or in a new one."""
        chunks = self._end_part()
        if self._in_step and not self._has_results:
            return chunks
        if self._in_step:
            chunks.append({"type": "finish-step"})
        self._in_step, self._has_results = True, False
        return [*chunks, {"type": "start-step"}]

    def _end_part(self) -> list[Chunk]:
        kind, self.open = self.open, None
        return [] if kind is None else [{"type": f"{kind}-end", "id": self.id}]


def _input(call_id: str, name: str, arguments: str) -> Chunk:
    try:
        value = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        return _bad(call_id, name, arguments, f"The arguments are not JSON: {error}.")
    named = {"toolCallId": call_id, "toolName": name}
    return {"type": "tool-input-available", **named, "input": value, **_OURS}


def _bad(call_id: str, name: str, text: str, why: str) -> Chunk:
    named = {"toolCallId": call_id, "toolName": name}
    return {"type": "tool-input-error", **named, "input": text, "errorText": why, **_OURS}


def _failed(call_id: str, why: str) -> Chunk:
    return {"type": "tool-output-error", "toolCallId": call_id, "errorText": why, **_OURS}
