"""What a client says over a WebSocket: one JSON object a message, with its `type`."""

from __future__ import annotations

from typing import Any

import msgspec
from marshmallow import fields
from marshmallow.validate import Length, Range

from app.errors import BadInput, MalformedBody
from app.schemas.base import Body, loaded
from app.schemas.chat import TurnBody
from app.schemas.headers import ONCE

_LONGEST_ID = 100


class _Message(Body):
    type = fields.Str(required=True)
    id = fields.Str(
        allow_none=True,
        validate=Length(1, _LONGEST_ID),
        metadata={"description": "the client's own; answers to this message say it as `reply_to`"},
    )


class AuthMessage(_Message):
    key = fields.Str(required=True, validate=Length(1, 8_192))
    user_id = fields.Str(allow_none=True, metadata={"description": "as the header X-User-ID"})


class ChatMessage(_Message, TurnBody):
    idempotency_key = fields.Str(allow_none=True, validate=ONCE)


class StopMessage(_Message):
    run_id = fields.Str(required=True, validate=Length(1, 100))


class ResumeMessage(StopMessage):
    after = fields.Int(load_default=0, strict=True, validate=Range(0, 1_000_000_000))


class PingMessage(_Message):
    pass


_MESSAGES: dict[str, _Message] = {
    "auth": AuthMessage(),
    "chat": ChatMessage(),
    "stop": StopMessage(),
    "resume": ResumeMessage(),
    "ping": PingMessage(),
}


def decoded(text: str) -> dict[str, Any]:
    """The object that a message is, not looked at yet. Raises MalformedBody."""
    try:
        sent = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        deep = isinstance(error, RecursionError)
        said = "it is nested too deeply." if deep else f"{error}."
        raise MalformedBody(f"The message is not valid JSON: {said}") from error
    if not isinstance(sent, dict):
        raise MalformedBody("A message is a JSON object.")
    return sent


def reply_to(sent: dict[str, Any]) -> str | None:
    """What an answer to it is marked with, also when the rest of it is wrong."""
    own = sent.get("id")
    return own if isinstance(own, str) and 0 < len(own) <= _LONGEST_ID else None


def message(sent: dict[str, Any], most_bytes: int) -> dict[str, Any]:
    """The message as it is meant; `most_bytes` is for what is no image. Raises BadInput."""
    schema = _MESSAGES.get(sent["type"]) if isinstance(sent.get("type"), str) else None
    if schema is None:
        names = ", ".join(_MESSAGES)
        raise BadInput(f"A message has a type, which is one of {names}.", errors={"type": [names]})
    if len(msgspec.json.encode(sent)) > most_bytes + schema.image_bytes(sent):
        said = f"A message may have {most_bytes} bytes besides its images."
        raise BadInput(said, errors={"body": [said]})
    return loaded(schema, sent)
