"""What a caller asks, and the place that it takes in a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Self

from app.errors import BadInput
from app.messages import ImagePart
from app.metering.tokens import IMAGE, estimate
from app.providers.base import Effort
from app.runs.run import OnDisconnect
from app.storage import conversations, messages
from app.storage.database import LITTLE, Transaction
from app.storage.messages import StoredMessage
from app.storage.runs import Once

_ANSWER = 500  # tokens that an answer is likely to have
_TITLE = 60  # characters of the first message that name a conversation


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to ask. A None leaves the choice to the server or the provider."""

    model: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: Effort | None = None
    stop: tuple[str, ...] = ()
    top_p: float | None = None
    seed: int | None = None
    cache: bool = False
    on_disconnect: OnDisconnect = "cancel"
    idempotency_key: str | None = None

    @property
    def estimated_tokens(self) -> int:
        """What a limit reserves before the truth is known."""
        return self.max_output_tokens or _ANSWER

    @property
    def once(self) -> Once | None:
        """The key with a fingerprint of everything that is asked."""
        if self.idempotency_key is None:
            return None
        digest = sha256(repr(self).encode())
        for image in self._long_texts():
            digest.update(f"\n{len(image)} ".encode() + image.encode())
        return Once(self.idempotency_key, digest.hexdigest())

    @property
    def is_short(self) -> bool:
        """Whether storing it reads no conversation and writes little."""
        return False

    def _long_texts(self) -> Sequence[str]:
        """What is asked as well, and too long to be written out."""
        return ()


@dataclass(frozen=True, kw_only=True)
class Ask(Settings):
    """A user's message, under `parent_id` (default: the newest) or, `at_root`, under nothing."""

    message: str
    # As they were sent: addresses by https, or data URLs.
    images: tuple[str, ...] = field(default=(), repr=False)
    conversation_id: str | None = None
    parent_id: str | None = None
    at_root: bool = False
    system: str | None = None
    # name@version of what wrote the message, which says all that a fingerprint needs.
    prompt: str | None = field(default=None, repr=False)
    # What a conversation that is made, and the message, are to be called, where that is settled.
    new_conversation_id: str | None = field(default=None, repr=False)
    message_id: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """From a body as it was loaded. A null is the same as nothing, but of the parent: there
        it names the place above the first message, and nothing means the newest.
        """
        at_root = "parent_id" in body and body["parent_id"] is None
        given = {name: value for name, value in body.items() if value is not None}
        return cls(**given, at_root=at_root)

    @property
    def estimated_tokens(self) -> int:
        asked = estimate(self.message) + estimate(self.system or "") + IMAGE * len(self.images)
        return super().estimated_tokens + asked

    @property
    def is_short(self) -> bool:
        texts = len(self.message) + len(self.system or "")
        return self.conversation_id is None and not self.images and texts <= LITTLE

    def _long_texts(self) -> Sequence[str]:
        return self.images


@dataclass(frozen=True, kw_only=True)
class Again(Settings):
    """Another answer: to what `message_id` (default: the newest message) answers or says."""

    conversation_id: str
    message_id: str | None = None


@dataclass(frozen=True)
class Turn:
    """What a model is about to be asked: the branch up to the user's message, which is its last.

    `prompt` wrote that message, if it was not a person; `begun`: the conversation begins with it.
    """

    conversation_id: str
    system: str | None
    branch: Sequence[StoredMessage]
    prompt: str | None = None
    begun: bool = False


def said(tx: Transaction, owner: str, ask: Ask, images: Sequence[ImagePart]) -> Turn:
    """Add the user's message to its conversation, which is made if none is named.

    Raises IdTaken, where ids are settled.
    """
    turn = supposed(tx, owner, ask, images)
    if ask.conversation_id is None:
        title = ask.prompt or first_title(ask.message)
        given = ask.new_conversation_id
        made = conversations.create(tx, owner, title, ask.system, ask.prompt, given)
        turn = replace(turn, conversation_id=made.id, begun=True)
    else:
        conversations.touch(tx, turn.conversation_id, ask.system)
    add = messages.add_once if ask.message_id else messages.add
    add(tx, turn.conversation_id, turn.branch[-1])
    return turn


def supposed(tx: Transaction, owner: str, ask: Ask, images: Sequence[ImagePart]) -> Turn:
    """The turn that `said` would make, and nothing is stored. A new conversation has no id yet."""
    conversation_id, system = "", ask.system
    above: Sequence[StoredMessage] = []
    if ask.conversation_id is not None:
        conversation = conversations.find(tx, owner, ask.conversation_id)
        conversation_id = conversation.id
        system = conversation.system if ask.system is None else ask.system
        above = messages.path(tx, conversation_id, _parent(tx, conversation_id, ask))
    elif ask.parent_id is not None:
        said = "parent_id needs the conversation_id that it belongs to."
        raise BadInput(said, errors={"parent_id": [said]})
    parent_id = above[-1].id if above else None
    message = messages.said_by_user(parent_id, ask.message, images, ask.message_id)
    return Turn(conversation_id, system, [*above, message], ask.prompt)


def _parent(tx: Transaction, conversation_id: str, ask: Ask) -> str | None:
    if ask.at_root:
        return None
    if ask.parent_id is None:
        return messages.newest(tx, conversation_id)
    return messages.find(tx, conversation_id, ask.parent_id).id


def repeated(tx: Transaction, owner: str, again: Again) -> Turn:
    conversation = conversations.find(tx, owner, again.conversation_id)
    leaf = again.message_id or messages.newest(tx, conversation.id)
    if leaf is None:
        raise BadInput("This conversation has no message yet that could be answered again.")
    branch = messages.path(tx, conversation.id, messages.find(tx, conversation.id, leaf).id)
    if branch[-1].role == "assistant":
        branch = branch[:-1]
    prompt = conversation.prompt if len(branch) == 1 else None
    return Turn(conversation.id, conversation.system, branch, prompt)


def first_title(message: str) -> str:
    """What a conversation is called until it gets a better title."""
    line = " ".join(message.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
