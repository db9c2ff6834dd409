"""Logs of runs without a conversation, as they can be, for properties of OpenAI's encoders."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from app.errors import CutOff
from app.events import (
    Began,
    Done,
    Event,
    Failure,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    Usage,
    UsageReport,
)
from app.ids import new_id

RUN = new_id("run")
USAGE = Usage(10, 4, 0, 7, 2)

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_reasons: st.SearchStrategy[FinishReason] = st.sampled_from(
    ["stop", "length", "content_filter", "tool_calls"]
)
_said = st.lists(
    st.one_of(_texts.filter(bool).map(TextDelta), _texts.filter(bool).map(ReasoningDelta))
)


@st.composite
def _calls(draw: st.DrawFn) -> list[Event]:
    """Calls whose pieces take turns; some come whole, and of some nothing is written."""
    events: list[Event] = []
    written: dict[str, list[str]] = {}
    for n in range(draw(st.integers(0, 3))):
        pieces = draw(st.lists(_texts, max_size=4))
        written[f"call_{n}"] = pieces
    streamed = {call_id for call_id in written if draw(st.booleans())}
    longest = max((len(pieces) for pieces in written.values()), default=0)
    events += [ToolInputDelta(call_id, "lookup", "") for call_id in sorted(streamed)]
    for turn in range(longest):
        for call_id in sorted(streamed):
            if turn < len(written[call_id]):
                events.append(ToolInputDelta(call_id, "lookup", written[call_id][turn]))
    for call_id, pieces in written.items():
        events.append(ToolCall(call_id, "lookup", "".join(pieces) or "{}"))
    return events


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """Whole ones: from a Began to a Done or a Failure."""
    ends = st.one_of(
        _reasons.map(lambda reason: Done(reason, USAGE, Decimal("0.5"))),
        st.just(Failure(CutOff("It broke.", provider="openai").problem())),
    )
    said: list[Event] = [*draw(_said), *draw(_calls())]
    report = UsageReport(USAGE, Decimal("0.5"))
    return [Began(RUN, "openai/mock"), *said, report, draw(ends)]
