"""The tree of messages, and texts that come back as they went in."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import NotFound, ParleyError
from app.events import Usage
from app.ids import new_id
from app.messages import ImagePart, TextPart, assistant
from app.storage import conversations, messages
from app.storage.database import Database, Transaction
from app.storage.messages import StoredMessage, said_by_user
from tests.properties import examples, texts

_trees = st.lists(st.integers(0, 1_000), min_size=1, max_size=12)


def made(database: Database, owner: str = "ada") -> str:
    return database.write(lambda tx: conversations.create(tx, owner, "Title", None)).id


def answer(parent_id: str, text: str, reasoning: str = "") -> StoredMessage:
    return StoredMessage(
        id=new_id("msg"),
        parent_id=parent_id,
        role="assistant",
        parts=assistant(text, reasoning).parts,
        status="incomplete",
        created_at=1_700_000_000_000,
        run_id="run_1",
        model="openai/gpt-4o",
        finish_reason="stopped",
        error=ParleyError(errors={"a": [text]}).problem("req_1"),
        usage=Usage(1, 2, 3, 4, 5, estimated=True),
        cost_usd=Decimal("0.0543990001"),
        truncated_turns=3,
    )


@examples(40)
@given(_trees)
def test_a_path_leads_from_the_root(database: Database, choices: list[int]) -> None:
    """In any tree the path to a message is its parents up to the root, oldest first."""
    conversation, grown = made(database), [said_by_user(None, "0")]
    for number, choice in enumerate(choices, 1):
        # One more than there are: a second root.
        place = choice % (len(grown) + 1)
        parent = grown[place].id if place < len(grown) else None
        grown.append(said_by_user(parent, str(number)))

    def plant(tx: Transaction) -> None:
        for message in grown:
            messages.add(tx, conversation, message)

    database.write(plant)
    by_id = {message.id: message for message in grown}
    for leaf in grown:
        expected, at = [leaf], leaf.parent_id
        while at:
            expected.insert(0, by_id[at])
            at = by_id[at].parent_id
        assert database.read(lambda tx, to=leaf.id: messages.path(tx, conversation, to)) == expected  # type: ignore[misc]
    assert database.read(lambda tx: messages.every(tx, conversation)) == grown
    assert database.read(lambda tx: messages.newest(tx, conversation)) == grown[-1].id


def test_a_branch_of_300_messages(database: Database) -> None:
    """A long conversation is read whole and in order."""
    conversation = made(database)

    def plant(tx: Transaction) -> str:
        last: str | None = None
        for number in range(300):
            message = said_by_user(last, str(number))
            messages.add(tx, conversation, message)
            last = message.id
        assert last is not None
        return last

    leaf = database.write(plant)
    branch = database.read(lambda tx: messages.path(tx, conversation, leaf))
    assert [message.message.text for message in branch] == [str(n) for n in range(300)]


@examples(50)
@given(texts, texts, texts)
def test_any_text_comes_back(database: Database, said: str, thought: str, name: str) -> None:
    """Whatever people and models say, NUL and all, is read as it was written.

    A title is only a label: PostgreSQL's text cannot hold U+0000, and it is shown as U+FFFD.
    """
    made = database.write(lambda tx: conversations.create(tx, "ada", name, said))
    question = said_by_user(None, said)
    reply = answer(question.id, said, thought)

    def plant(tx: Transaction) -> None:
        for message in (question, reply):
            messages.add(tx, made.id, message)

    database.write(plant)
    assert (made.title, made.system) == (name.replace("\0", "\ufffd"), said)
    assert database.read(lambda tx: conversations.find(tx, "ada", made.id)) == made
    assert database.read(lambda tx: messages.every(tx, made.id)) == [question, reply]
    database.write(lambda tx: conversations.rename(tx, "ada", made.id, thought))
    renamed = database.read(lambda tx: conversations.find(tx, "ada", made.id))
    assert renamed.title == thought.replace("\0", "\ufffd")


def test_images_stand_before_the_text(database: Database) -> None:
    """They are kept in their order, and no search sees them."""
    conversation = made(database)
    images = (ImagePart("image/png", "aGVsbG8="), ImagePart("image/gif", "d29ybGQ="))
    message = said_by_user(None, "look", images)
    database.write(lambda tx: messages.add(tx, conversation, message))
    (kept,) = database.read(lambda tx: messages.every(tx, conversation))
    assert kept == message
    assert kept.parts == (*images, TextPart("look"))
    for word, found in (("look", 1), ("aGVs", 0), ("png", 0)):
        page = database.read(lambda tx, q=word: conversations.page(tx, "ada", 9, None, q))  # type: ignore[misc]
        assert len(page.conversations) == found


def test_conversations_do_not_mix(database: Database) -> None:
    """A message is neither found nor followed from another conversation."""
    mine, other = made(database), made(database)
    message = said_by_user(None, "hi")
    database.write(lambda tx: messages.add(tx, mine, message))
    assert database.read(lambda tx: messages.find(tx, mine, message.id)) == message
    assert database.read(lambda tx: messages.path(tx, other, message.id)) == []
    assert database.read(lambda tx: messages.newest(tx, other)) is None
    with pytest.raises(NotFound):
        database.read(lambda tx: messages.find(tx, other, message.id))
