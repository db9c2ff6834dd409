"""Messages with calls of tools, as vendors want to be told of them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.messages import (
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    spoken,
    unfolded,
)
from tests.properties import examples

_ids = st.sampled_from(["a", "b", "c"])
_parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(TextPart, st.text("xy", min_size=1, max_size=2)),
    st.builds(ToolCallPart, _ids, st.just("echo"), st.just("{}")),
    st.builds(ToolResultPart, _ids, st.just("ok")),
)


@examples(150)
@given(st.lists(_parts, max_size=10))
def test_every_call_that_is_told_has_its_result(parts: list[Part]) -> None:
    """Results stand in users' messages and all else in the assistant's, in turns."""
    told = unfolded(Message("assistant", tuple(parts)))
    said = [part for message in told for part in message.parts]
    answered = {part.call_id for part in said if isinstance(part, ToolResultPart)}
    assert all(part.call_id in answered for part in said if isinstance(part, ToolCallPart))
    if any(isinstance(part, ToolCallPart) for part in parts):
        assert all(one.role != two.role for one, two in pairwise(told))


def test_a_call_and_what_follows_it() -> None:
    """An answer that called a tool becomes three messages."""
    call, result = ToolCallPart("a", "echo", "{}"), ToolResultPart("a", "ok")
    whole = Message("assistant", (TextPart("Let me see."), call, result, TextPart("It is.")))
    assert unfolded(whole) == (
        Message("assistant", (TextPart("Let me see."), call)),
        Message("user", (result,)),
        Message("assistant", (TextPart("It is."),)),
    )
    assert spoken(whole).parts == (TextPart("Let me see."), TextPart("It is."))


def test_a_plain_answer_stays_as_it_is() -> None:
    """Nothing is made anew where there is no call."""
    plain = assistant("Hello.")
    assert unfolded(plain) == (plain,)
    assert spoken(plain) is plain
