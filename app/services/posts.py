"""What clients post that name their chats and messages themselves, and what is stored of it.

A name is an owner's own: the ids under which things are stored are made of the owner, the client's
name and, for a message, of what it says. So one that is posted twice is found again, and one that
was edited is another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from re import compile as pattern
from typing import Any

from app.errors import NotFound
from app.storage import conversations, messages, runs
from app.storage.database import Transaction
from app.storage.messages import StoredMessage

_OURS = pattern("conv_[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Post:
    """The last message of a client's history, by the client's id of it, with those `before` it.

    `edited`: it was said before in other words. `again`: another answer to it is wanted, in the
    place of `answer_id` if that is known. `settings` are a chat's, or an agent's, by name.
    """

    chat_id: str
    message_id: str
    text: str
    images: tuple[str, ...] = field(default=(), repr=False)
    before: tuple[str, ...] = ()
    edited: bool = False
    again: bool = False
    answer_id: str | None = None
    system: str | None = None
    by_agent: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What a person has decided about `calls` of an answer: by id, whether they may be made."""

    chat_id: str
    answer_id: str
    calls: Mapping[str, bool]


@dataclass(frozen=True)
class Known:
    """What is stored of a Post: its conversation, its message with the answer, and the last one of
    those before it, which may be the very next. With a run that may be answering it just now.
    """

    there: bool
    question: StoredMessage | None = None
    answer: StoredMessage | None = None
    above_id: str | None = None
    above_is_next: bool = False
    newest_run_id: str | None = None


def conversation_of(owner: str, chat_id: str) -> str:
    """The id under which a chat is stored; one of ours names itself."""
    return chat_id if _OURS.fullmatch(chat_id) else f"conv_{_digest(owner, chat_id)}"


def message_of(conversation_id: str, post: Post) -> str:
    """The id under which its message is stored."""
    return f"msg_{_digest(conversation_id, post.message_id, post.text, *post.images)}"


def look(tx: Transaction, owner: str, conversation_id: str, post: Post) -> Known:
    """Raises NotFound for an id of ours that names nothing of the owner's."""
    try:
        conversations.find(tx, owner, conversation_id)
    except NotFound:
        if post.chat_id == conversation_id:
            raise
        return Known(there=False)
    own = message_of(conversation_id, post)
    named = [own, post.message_id, *post.before, post.answer_id or ""]
    there = {m.id: m for m in messages.find_any(tx, conversation_id, named)}
    question = _question(there, own, post)
    above = next((some_id for some_id in reversed(post.before) if some_id in there), None)
    return Known(
        there=True,
        question=question,
        answer=_answer(tx, conversation_id, there.get(post.answer_id or ""), question),
        above_id=above,
        above_is_next=above is not None and above == post.before[-1],
        newest_run_id=_newest_run(tx, owner, conversation_id, question),
    )


def _question(there: Mapping[str, StoredMessage], own: str, post: Post) -> StoredMessage | None:
    """The stored message that the post's last one is, if it says the same."""
    if own in there:
        return there[own]
    named = there.get(post.message_id)
    same = named is not None and named.role == "user" and named.message.text == post.text
    return named if same else None


def _answer(
    tx: Transaction,
    conversation_id: str,
    named: StoredMessage | None,
    question: StoredMessage | None,
) -> StoredMessage | None:
    if named is not None and named.role == "assistant":
        return named
    return messages.newest_answer(tx, conversation_id, question.id) if question else None


def _newest_run(
    tx: Transaction, owner: str, conversation_id: str, question: StoredMessage | None
) -> str | None:
    """The newest one, if nothing was said after the question: an answer is stored at its end."""
    if question is None or question.id != messages.newest(tx, conversation_id):
        return None
    newest = runs.newest(tx, owner, conversation_id)
    return newest.id if newest else None


def _digest(*texts: str) -> str:
    """Of all together: no other texts have the same."""
    whole = sha256()
    for text in texts:
        said = text.encode()
        whole.update(b"%d " % len(said) + said)
    return whole.hexdigest()[:32]
