"""What of a long conversation is sent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages import ImagePart, Message, TextPart, assistant, user
from app.metering.tokens import estimate
from app.services.context import fit
from tests.properties import examples

_texts = st.one_of(
    st.just(""),
    st.integers(1, 3_000).map(lambda size: "x" * size),
    st.integers(1, 500).map(lambda size: "漢" * size),
)
# Two users' messages in a row are what a failed answer leaves behind.
_histories = st.lists(_texts.map(user) | _texts.map(assistant), max_size=12)
_questions = st.integers(1, 6_000).map(lambda size: user("q" * size))
_windows = st.integers(1, 12_000)
_limits = st.none() | st.integers(1, 3_000)


def turns(messages: Sequence[Message]) -> list[list[Message]]:
    """A user's message with what follows it. An answer that nobody asked for is a turn as well."""
    found: list[list[Message]] = []
    for message in messages:
        if message.role == "user" or not found:
            found.append([])
        found[-1].append(message)
    return found


def needed(kept: Sequence[Sequence[Message]], system: str, answer: int) -> int:
    said = sum(estimate(message.text) for turn in kept for message in turn)
    return said + estimate(system) + answer


@examples(250)
@given(_histories, _questions, _texts, _windows, _limits)
def test_what_is_kept(
    history: list[Message], question: Message, system: str, window: int, limit: int | None
) -> None:
    """Whole newest turns that fit, the last of them in any case, and the rest is counted."""
    whole = turns([message for message in [*history, question] if message.text])
    kept, cut = fit([*history, question], system, window, limit)
    assert list(kept) == [message for turn in whole[cut:] for message in turn]
    assert kept[-1] == question
    left = whole[cut:]
    # 8 tokens of framing a message are granted to the vendors.
    assert len(left) == 1 or needed(left, system, limit or 0) + 8 * len(kept) <= window


@examples(120)
@given(_histories, _questions, _windows, st.integers(1, 3_000))
def test_no_more_is_cut_than_must_be(
    history: list[Message], question: Message, window: int, limit: int
) -> None:
    """The newest turn that was left out would not have fitted."""
    whole = turns([message for message in [*history, question] if message.text])
    _, cut = fit([*history, question], None, window, limit)
    if cut:
        one_more = whole[cut - 1 :]
        messages = sum(map(len, one_more))
        assert needed(one_more, "", limit) + 8 * messages > window


@examples(100)
@given(_histories, _questions)
def test_a_large_window_keeps_everything(history: list[Message], question: Message) -> None:
    """Nothing is cut from what fits, and only messages without a text are left out."""
    kept, cut = fit([*history, question], None, 10_000_000, None)
    assert (list(kept), cut) == ([m for m in [*history, question] if m.text], 0)


@pytest.mark.parametrize(
    ("window", "tokens", "cut"),
    [(1_345, 1_009, 0), (1_344, 1_009, 1), (20_000, 15_904, 0), (20_000, 15_905, 1)],
)
def test_room_is_left_for_the_answer(window: int, tokens: int, cut: int) -> None:
    """Where the caller names no limit, a quarter of the window is free, and 4,096 are enough."""
    framing, question = 3 * 8, 1
    history = [user("x" * 3 * (tokens - framing - question - 400)), assistant("y" * 3 * 400)]
    assert fit([*history, user("q")], None, window, None)[1] == cut


def picture(size: int) -> Message:
    """With an image of so many bytes in base64."""
    return Message("user", (ImagePart("image/png", "x" * size), TextPart("q")))


@pytest.mark.parametrize(("window", "cut"), [(20_000, 0), (8_000, 6), (1_000, 9)])
def test_images_take_room(window: int, cut: int) -> None:
    """Each is taken for 1,600 tokens, however large it is."""
    for size in (4, 40_000):
        turns = [picture(size) for _ in range(10)]
        kept, left_out = fit(turns, None, window, 1)
        assert (len(kept), left_out) == (10 - cut, cut)


def test_images_are_not_too_heavy() -> None:
    """What vendors refuse for its sheer size is not sent, and the newest turn always is."""
    turns = [picture(10_000_000) for _ in range(4)]
    assert fit(turns, None, 1_000_000, None)[1] == 2
    assert fit([picture(30_000_000)], None, 1_000_000, None)[1] == 0
    assert fit([*turns, user("and now?")], None, 1_000_000, None)[1] == 2
