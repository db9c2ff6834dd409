"""A conversation as a file to take away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.storage.conversations import Conversation
from app.storage.messages import StoredMessage

_encoder = msgspec.json.Encoder(decimal_format="number")


def markdown(conversation: Conversation, said: Sequence[StoredMessage]) -> str:
    """The branch that ends in the newest message. What was said stands as it is."""
    parts = [f"# {conversation.title}", f"*{iso(conversation.created_at)}*"]
    if conversation.system:
        parts += ["## System", conversation.system]
    for message in _branch(said):
        parts += [_heading(message), *_images(message), message.message.text]
    return "\n\n".join(parts) + "\n"


def json(conversation: Conversation, said: Sequence[StoredMessage]) -> bytes:
    """The conversation and all its messages, with every branch."""
    return _encoder.encode({**_dated(conversation), "messages": [_dated(m) for m in said]})


def iso(moment: int) -> str:
    """Milliseconds since 1970 as RFC 3339 writes them, in UTC."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")


def _dated(value: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.asdict(value)
    return {name: iso(v) if name.endswith("_at") else v for name, v in fields.items()}


def _branch(said: Sequence[StoredMessage]) -> list[StoredMessage]:
    by_id = {message.id: message for message in said}
    branch = [said[-1]] if said else []
    while branch and (above := by_id.get(branch[-1].parent_id or "")):
        branch.append(above)
    return branch[::-1]


def _images(message: StoredMessage) -> list[str]:
    """A word for each: megabytes of base64 are nothing to read. The JSON has them whole."""
    return ["[image]" for _ in message.message.images]


def _heading(message: StoredMessage) -> str:
    if message.role == "user":
        return "## You"
    incomplete = " (incomplete)" if message.status == "incomplete" else ""
    return f"## {message.model}{incomplete}"
