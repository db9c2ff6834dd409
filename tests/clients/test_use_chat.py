"""What `useChat` is made of, step by step, as a person would see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.blueprints.agenting import acting, call
from tests.clients.door import Door, node, opened


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    tools = "tests.services.agents.misbehaving"
    with opened(tmp_path_factory.mktemp("use_chat"), TOOLS_MODULES=tools) as door:
        yield door


@pytest.fixture(scope="module")
def seen(door: Door) -> Any:
    """All steps are one session of one person."""
    door.upstream.acting = acting([call("delete_everything", what="logs")], "Done.")
    key = door.issue(scopes=["chat", "agent"])
    return node("use_chat.mjs", door.url, key)


_SAID = ["assistant", "t0 t1 "]


def test_a_message_is_answered(seen: Any) -> None:
    """The answer is there and the chat is ready for the next."""
    assert seen["said"]["texts"] == [["user", "One"], _SAID]
    assert seen["said"]["status"] == "ready"


def test_an_answer_is_given_again(seen: Any, door: Door) -> None:
    """The new one is in the place of the old, and the model has heard the same."""
    assert seen["regenerated"]["texts"] == [["user", "One"], _SAID, ["user", "Two"], _SAID]
    asked = [[m["content"] for m in body["messages"]] for body in door.upstream.requests[:3]]
    assert asked[1] == asked[2] == ["One", "t0 t1 ", "Two"]


def test_a_message_is_edited(seen: Any, door: Door) -> None:
    """What followed it is gone, for the model as well."""
    assert seen["edited"]["texts"] == [["user", "Un"], _SAID]
    assert [m["content"] for m in door.upstream.requests[3]["messages"]] == ["Un"]


def test_a_broken_answer_is_an_error(seen: Any) -> None:
    """What had come stays, and the sentence is the chat's error."""
    assert seen["broken"]["status"] == "error"
    assert seen["broken"]["texts"][-1] == ["assistant", "t0 t1 t2 "]
    assert seen["broken"]["error"].endswith(".")


def test_it_is_mended(seen: Any) -> None:
    """Asked again, it is answered, and the error is gone."""
    assert (seen["mended"]["status"], seen["mended"].get("error")) == ("ready", None)
    assert seen["mended"]["texts"][-2:] == [["user", "Break"], _SAID]


def test_stop_stops(seen: Any) -> None:
    """`stop()` keeps what had come, and nothing goes on."""
    assert seen["left"]["status"] == "ready"
    assert seen["left"]["texts"][-1][1].startswith("t0 ")


def test_another_tab_resumes(seen: Any) -> None:
    """A second instance gets the answer that goes on, whole, and not twice when it asks again."""
    assert seen["first"]["texts"][1][1] == "".join(f"t{n} " for n in range(100))
    assert seen["resumed"]["texts"] == seen["first"]["texts"]
    assert seen["resumed again"]["texts"] == seen["first"]["texts"]
    assert seen["resumed again"]["status"] == "ready"


def test_a_call_is_approved(seen: Any) -> None:
    """The SDK's own approval goes back, and the answer goes on in the same message."""
    assert seen["asking"]["calls"] == ["approval-requested"]
    assert seen["approved"]["calls"] == ["output-available"]
    assert seen["approved"]["texts"] == [["user", "Clean up"], ["assistant", "Done."]]
