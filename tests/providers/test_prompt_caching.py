"""Where a request to Anthropic asks for its prefix to be cached."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.messages import (
    ImagePart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    user,
)
from app.providers.base import ModelRequest, Tool
from app.providers.messages_api_body import body
from tests.properties import examples

_MARK = {"type": "ephemeral"}
_LONG = "word " * 820  # 4,100 bytes, a little over 1,024 tokens
_TOOL = Tool(name="now", description="The time.", parameters={"type": "object"})
_LONG_TOOL = Tool(name="all", description=_LONG, parameters={"type": "object"})


def _body(
    *said: Message, system: str | None = None, tools: tuple[Tool, ...] = ()
) -> dict[str, Any]:
    return body(ModelRequest(model="m", messages=said, system=system, tools=tools))


def _marks(value: Any) -> int:
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(map(_marks, value.values()))
    return sum(map(_marks, value)) if isinstance(value, list) else 0


def test_short_prompts_are_not_marked() -> None:
    """What is shorter than any model caches goes out as plainly as it came."""
    sent = _body(user("one"), assistant("two"), user(_LONG), system="Be kind.", tools=(_TOOL,))
    assert _marks(sent) == 0
    assert sent["system"] == "Be kind."


def test_a_long_system_prompt_is_marked() -> None:
    """One mark at its end covers the tools before it too."""
    sent = _body(user("hi"), system=_LONG, tools=(_TOOL,))
    assert sent["system"] == [{"type": "text", "text": _LONG, "cache_control": _MARK}]
    assert _marks(sent) == 1


def test_long_tools_are_marked() -> None:
    """Without a system prompt the mark is on the last tool; with a short one, after that."""
    sent = _body(user("hi"), tools=(_LONG_TOOL, _TOOL))
    assert sent["tools"][-1]["cache_control"] == _MARK
    assert _marks(sent) == 1
    sent = _body(user("hi"), tools=(_LONG_TOOL, _TOOL), system="Be kind.")
    assert sent["system"][0]["cache_control"] == _MARK
    assert _marks(sent) == 1


def test_a_long_history_is_marked_before_the_new_message() -> None:
    """The mark is on the last message of before, and the new one stays as it is."""
    sent = _body(user(_LONG), assistant("two"), user(_LONG))
    marked = [{"type": "text", "text": "two", "cache_control": _MARK}]
    assert [m["content"] for m in sent["messages"]] == [_LONG, marked, _LONG]
    assert _marks(_body(user(_LONG))) == 0


def test_what_is_fixed_counts_for_the_history() -> None:
    """Few words after a long system prompt end a long prefix all the same."""
    sent = _body(user("one"), assistant("two"), user("three"), system=_LONG)
    assert sent["messages"][1]["content"][0]["cache_control"] == _MARK
    assert _marks(sent) == 2


def test_the_history_of_an_agent_is_marked() -> None:
    """Behind a call as well as behind text: the last block bears it."""
    call = Message("assistant", (TextPart("I look."), ToolCallPart("a", "now", "{}")))
    sent = _body(user(_LONG), call, Message("user", (ToolResultPart("a", "12:00"),)))
    assert sent["messages"][1]["content"][-1] == {
        "type": "tool_use",
        "id": "a",
        "name": "now",
        "input": {},
        "cache_control": _MARK,
    }
    assert _marks(sent) == 1


def test_thinking_bears_no_mark() -> None:
    """The API refuses one there."""
    thought = Message("assistant", (TextPart("So."), ReasoningPart("Hm.", "c2ln")))
    assert _marks(_body(user(_LONG), thought, user("go on"))) == 0


_parts = st.sampled_from(
    [TextPart("x"), TextPart(_LONG), ImagePart("image/png", "A" * 6000), ToolResultPart("a", "y")]
)


@examples(60)
@given(
    st.lists(st.lists(_parts, min_size=1, max_size=3).map(tuple), min_size=1, max_size=6),
    st.sampled_from([None, "Be kind.", _LONG]),
    st.lists(st.sampled_from([_TOOL, _LONG_TOOL]), max_size=3).map(tuple),
)
def test_marks_are_few_and_stable(
    said: list[tuple[Any, ...]], system: str | None, tools: tuple[Tool, ...]
) -> None:
    """Never over the four that a request may have, none on the new message, and what is said is
    the same with marks and without: they depend on nothing but the prefix before them.
    """
    messages = [Message("user", parts) for parts in said]
    sent = _body(*messages, system=system, tools=tools)
    assert _marks(sent) <= 4
    assert _marks(sent["messages"][-1]) == 0
    other = _body(*messages[:-1], user("something else"), system=system, tools=tools)
    assert other["messages"][:-1] == sent["messages"][:-1]
    assert (other.get("system"), other.get("tools")) == (sent.get("system"), sent.get("tools"))
