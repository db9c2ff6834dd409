"""The fold over a log."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.errors import ParleyError
from app.events import (
    Answer,
    Done,
    Event,
    Failure,
    ReasoningDelta,
    Start,
    TextDelta,
    Usage,
    UsageReport,
    collect,
)
from tests.properties import any_texts, examples

_START = Start(
    run_id="run_1",
    conversation_id="conv_1",
    message_id="msg_2",
    user_message_id="msg_1",
    parent_id=None,
    model="demo/demo",
)
_ends = st.sampled_from([Done("stop", Usage(), Decimal(0)), Failure(ParleyError().problem()), None])
_middles = st.lists(
    any_texts.map(TextDelta)
    | any_texts.map(ReasoningDelta)
    | st.integers(0, 99).map(lambda count: UsageReport(Usage(output_tokens=count)))
)


@examples(150)
@given(_middles, _ends, st.booleans())
def test_an_answer_is_its_events_joined(
    middle: list[Event], end: Done | Failure | None, started: bool
) -> None:
    """Texts and thoughts are each joined in order; start and end are those that came, if any."""
    log = [_START] * started + middle + ([end] if end else [])
    assert collect(log) == Answer(
        start=_START if started else None,
        text="".join(event.text for event in middle if isinstance(event, TextDelta)),
        reasoning="".join(event.text for event in middle if isinstance(event, ReasoningDelta)),
        end=end,
    )
