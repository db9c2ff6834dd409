"""JSON Lines, for whoever reads lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.encoders import json_lines

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
_documents = st.dictionaries(st.text(), _json, max_size=3) | st.none()


@given(st.lists(_documents, max_size=5))
def test_every_reader_finds_the_same_lines(values: list[dict[str, Any] | None]) -> None:
    """By bytes or by text, with heartbeats anywhere, each value comes back on a line of its own."""
    sent = b"".join(json_lines.frames(values))
    wanted = [value for value in values if value is not None]
    for lines in (sent.split(b"\n"), sent.splitlines(), sent.decode().splitlines()):
        assert [json.loads(line) for line in lines if line.strip()] == wanted


def test_what_breaks_is_told_on_the_last_line() -> None:
    """A fault after the first byte ends the answer with a problem."""

    def broken() -> Iterator[Any]:
        yield {"id": "a"}
        raise ZeroDivisionError

    *_, last = b"".join(json_lines.frames(broken())).splitlines()
    assert json.loads(last)["problem"]["code"] == "internal_error"
