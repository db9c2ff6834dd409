"""Search and pages, against what Python says is right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from app.errors import BadInput, NotFound
from app.storage import conversations, messages
from app.storage.conversations import Conversation, fold
from app.storage.database import Database, Transaction
from app.storage.messages import said_by_user
from app.storage.tables import conversations as table
from tests.properties import characters, examples, texts

_pairs = st.tuples(texts, texts)
_needles = st.text(characters, min_size=1, max_size=3)


def found(database: Database, search: str, owner: str = "ada") -> set[str]:
    page = database.read(lambda tx: conversations.page(tx, owner, 100, None, search))
    return {conversation.id for conversation in page.conversations}


def planted(tx: Transaction, title: str, said: str, owner: str = "ada") -> str:
    made = conversations.create(tx, owner, title, None)
    messages.add(tx, made.id, said_by_user(None, said))
    return made.id


@examples(40)
@given(st.lists(_pairs, min_size=1, max_size=4), st.lists(_needles, max_size=3))
def test_a_search_finds_what_holds_it(
    database: Database, kept: list[tuple[str, str]], needles: list[str]
) -> None:
    """Exactly the conversations are found whose title or texts hold the words, without case."""

    def plant(tx: Transaction) -> list[str]:
        tx.execute(delete(table))
        return [planted(tx, *pair) for pair in kept]

    ids = database.write(plant)
    pieces = [text[1:4] for pair in kept for text in pair if len(text) > 1]
    for search in needles + pieces:
        expected = {
            made
            for made, (title, said) in zip(ids, kept, strict=True)
            if fold(search) in fold(title) or fold(search) in fold(said)
        }
        assert found(database, search) == expected


@pytest.mark.parametrize(
    ("said", "search"),
    [
        ("Hello World", "hELLO wORLD"),
        ("ПРИВЕТ, мир", "привет, МИР"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ångström", "ÅNGSTRÖM"),
        ("今天天气很好", "天气"),
        ("100% sure", "100%"),
        ("snake_case", "E_C"),
        ('it\'s "quoted"', "'S \"Q"),
        ("a\\b/c", "\\B/"),
        ("before\0after", "E\0A"),
        ("a😀b", "😀"),
    ],
)
def test_case_and_signs(database: Database, said: str, search: str) -> None:
    """Case does not matter in any script, and no sign means anything but itself."""
    kept = database.write(lambda tx: planted(tx, "Title", said))
    database.write(lambda tx: planted(tx, "Another", "xyz"))
    assert found(database, search) == {kept}


@pytest.mark.parametrize("wildcard", ["%", "_", "[a-z]", "*", "?", "%_%", "\\", "/", "''"])
def test_wildcards_are_only_signs(database: Database, wildcard: str) -> None:
    """What a database takes for a pattern finds nothing where it was not written."""
    database.write(lambda tx: planted(tx, "Title", "some words"))
    assert found(database, wildcard) == set()


def test_a_search_stays_with_its_owner(database: Database) -> None:
    """Nobody finds what somebody else has said."""
    database.write(lambda tx: planted(tx, "Secret plan", "secret words", owner="eve"))
    assert found(database, "secret") == set()
    assert len(found(database, "secret", owner="eve")) == 1


@examples(40)
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5))
def test_pages_joined_are_the_list(database: Database, times: list[int], limit: int) -> None:
    """Whatever the times and however many are equal: no page leaves out or doubles anything."""

    def plant(tx: Transaction) -> None:
        tx.execute(delete(table))
        for number, moment in enumerate(times):
            made = conversations.create(tx, "ada", str(number), None)
            tx.execute(table.update().where(table.c.id == made.id).values(updated_at=moment))
        conversations.create(tx, "eve", "not hers", None)

    database.write(plant)
    seen: list[Conversation] = []
    cursor: str | None = None
    while True:
        page = database.read(lambda tx, at=cursor: conversations.page(tx, "ada", limit, at, None))  # type: ignore[misc]
        assert len(page.conversations) <= limit
        seen += page.conversations
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.conversations) == limit
    assert sorted(int(made.title) for made in seen) == list(range(len(times)))
    order = [(made.updated_at, made.id) for made in seen]
    assert order == sorted(order, reverse=True)


@examples(100)
@given(texts)
def test_a_made_up_cursor_is_the_callers_error(database: Database, cursor: str) -> None:
    """No text in a cursor's place breaks the server."""
    if cursor:
        with pytest.raises(BadInput) as caught:
            database.read(lambda tx: conversations.page(tx, "ada", 5, cursor, None))
        assert caught.value.errors is not None
        assert "cursor" in caught.value.errors


def test_another_owner_can_do_nothing(database: Database) -> None:
    """To somebody else a conversation is not there: not to read, rename or delete."""
    kept = database.write(lambda tx: planted(tx, "Mine", "words"))
    for act in (
        lambda tx: conversations.find(tx, "eve", kept),
        lambda tx: conversations.rename(tx, "eve", kept, "Hers"),
        lambda tx: conversations.remove(tx, "eve", kept),
    ):
        with pytest.raises(NotFound):
            database.write(act)
    assert database.read(lambda tx: conversations.find(tx, "ada", kept)).title == "Mine"


@pytest.mark.parametrize("wanted", ["", "conv_none", "\0", "😀", "%", "x" * 5_000])
def test_an_id_that_nobody_has(database: Database, wanted: str) -> None:
    """Whatever is in an id that a caller made up, the conversation is not found."""
    with pytest.raises(NotFound):
        database.read(lambda tx: conversations.find(tx, "ada", wanted))


def test_a_title_of_somebodys_own_stays(database: Database) -> None:
    """What finds titles replaces the one that it knows, and no other."""
    made = database.write(lambda tx: conversations.create(tx, "ada", "first", None))

    def retitle(was: str, title: str) -> bool:
        return database.write(lambda tx: conversations.retitle(tx, made.id, was, title))

    assert retitle("first", "found\0")
    assert not retitle("first", "found again")
    kept = database.read(lambda tx: conversations.find(tx, "ada", made.id))
    assert (kept.title, kept.updated_at) == ("found\0", made.updated_at)
    assert found(database, "FOUND") == {made.id}


def test_a_prompts_conversation_is_not_listed(database: Database) -> None:
    """It is in no page and no search, and is there all the same, with what began it."""
    create = conversations.create
    made = database.write(lambda tx: create(tx, "ada", "a title", None, "summarize@1.0"))
    listed = database.write(lambda tx: create(tx, "ada", "a title", None))
    assert found(database, "title") == {listed.id}
    page = database.read(lambda tx: conversations.page(tx, "ada", 10, None, None))
    assert [each.id for each in page.conversations] == [listed.id]
    kept = database.read(lambda tx: conversations.find(tx, "ada", made.id))
    assert kept.prompt == "summarize@1.0"
