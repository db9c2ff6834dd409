"""What a caller asks who brings the whole conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.errors import BadInput
from app.messages import (
    Draft,
    ImagePart,
    Message,
    Part,
    Picture,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from app.metering.tokens import IMAGE, estimate
from app.providers.base import Effort, Output, Tool
from app.services.turns import Ask

_ANSWER = 500  # tokens that an answer is likely to have

# Words of `tool_choice` that a tool cannot have for a name.
_CHOICES = {"auto", "none", "required"}


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A None leaves the choice to the server or the provider. `tool_choice` as in ModelRequest.

    With a `conversation_id` the server's history is used: of the messages the last one counts
    alone, and it is kept with its answer. What is not `kept` cannot even be read again when it has
    ended. `door` is the API that was spoken, for the log.
    """

    messages: tuple[Draft | Message, ...]
    system: str | None = None
    model: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning_effort: Effort | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel_tools: bool = True
    output: Output | None = None
    conversation_id: str | None = None
    idempotency_key: str | None = None
    kept: bool = True
    door: str = ""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Completion:
        """From a body as a door's schema made it; tools and output are still plain objects.

        Raises BadInput: what was asked contradicts itself.
        """
        given = {name: value for name, value in body.items() if value is not None}
        tools = tuple(Tool(**tool) for tool in given.pop("tools", ()))
        output = given.pop("output", None)
        made = cls(**given, tools=tools, output=None if output is None else Output(**output))
        made._check_tools()
        return made

    @property
    def choice_word(self) -> str | dict[str, str]:
        """The choice of a tool as OpenAI says it."""
        choice = self.tool_choice
        return choice if choice in _CHOICES else {"type": "function", "name": choice}

    @property
    def estimated_tokens(self) -> int:
        """What a limit reserves before the truth is known."""
        parts = [part for message in self.messages for part in message.parts]
        asked = sum(map(_estimated, parts)) + estimate(self.system or "")
        if self.tools:
            asked += estimate(msgspec.json.encode(self.tools).decode())
        return asked + (self.max_output_tokens or _ANSWER)

    def as_turn(self) -> Ask:
        """The last message as a turn of the conversation. Raises BadInput: it can be none."""
        last = self.messages[-1]
        kinds = (TextPart, Picture)
        if last.role != "user" or not all(isinstance(part, kinds) for part in last.parts):
            raise _refused("messages", "In a conversation the last message is a user's, with text.")
        if self.tools:
            raise _refused("tools", "In a conversation that is kept here there are no tools.")
        if self.output is not None:
            raise _refused("output", "In a conversation that is kept here an answer is text.")
        text = "".join(part.text for part in last.parts if isinstance(part, TextPart))
        if not text.strip():
            raise _refused("messages", "In a conversation the last message must say something.")
        return Ask(
            message=text,
            images=tuple(part.source for part in last.parts if isinstance(part, Picture)),
            conversation_id=self.conversation_id,
            system=self.system,
            model=self.model,
            temperature=self.temperature,
            top_p=self.top_p,
            max_output_tokens=self.max_output_tokens,
            stop=self.stop,
            seed=self.seed,
            reasoning_effort=self.reasoning_effort,
            idempotency_key=self.idempotency_key,
        )

    def _check_tools(self) -> None:
        names = [tool.name for tool in self.tools]
        if len(set(names)) < len(names):
            raise _refused("tools", "Two tools have the same name.")
        if taken := _CHOICES & set(names):
            raise _refused("tools", f"A tool cannot be called {taken.pop()!r}.")
        if not names and self.tool_choice not in ("auto", "none"):
            raise _refused("tool_choice", "There are no tools of which one could be chosen.")
        if self.tool_choice not in _CHOICES and self.tool_choice not in names:
            said = f"There is no tool called {self.tool_choice[:80]!r} in this request."
            raise _refused("tool_choice", said)


def _refused(field: str, said: str) -> BadInput:
    return BadInput(said, errors={field: [said]})


def _estimated(part: Part | Picture) -> int:
    match part:
        case Picture() | ImagePart():
            return IMAGE
        case ToolCallPart():
            return estimate(part.arguments)
        case ToolResultPart():
            return estimate(part.output)
        case _:
            return estimate(part.text)


def pictures(messages: Sequence[Draft | Message]) -> list[str]:
    """The sources of all pictures, in their order."""
    return [part.source for m in messages for part in m.parts if isinstance(part, Picture)]


def filled(messages: Sequence[Draft | Message], images: Sequence[ImagePart]) -> tuple[Message, ...]:
    """The messages with the images in the pictures' places."""
    left = iter(images)

    def part_of(part: Part | Picture) -> Part:
        return next(left) if isinstance(part, Picture) else part

    return tuple(Message(m.role, tuple(map(part_of, m.parts))) for m in messages)
