"""An answer's events between provider and caller: what is held, released, ended, and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from app.errors import ContentFiltered, CutOff
from app.events import (
    Finish,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    Usage,
    UsageReport,
)
from app.filtering.rules import Rule, Rules
from app.messages import user
from app.providers.base import ModelRequest
from app.runs.run import Interrupted
from app.services.moderation import Moderation
from app.services.passages import over
from tests.services.scripted import Scripted

_STOP = Finish("stop")


class Playing(Scripted):
    """Yields its batches; an exception among them is raised. `closed` once it was hung up on."""

    def __init__(self, *batches: Sequence[ModelEvent] | BaseException) -> None:
        super().__init__("p")
        self._batches = batches
        self.closed = False

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        self.calls.append(request)
        try:
            for batch in self._batches:
                if isinstance(batch, BaseException):
                    raise batch
                yield batch
        finally:
            self.closed = True


def rule(action: str = "block", **said: Any) -> Rule:
    return Rule(name="it", action=action, **{"patterns": ("secret",), **said})  # type: ignore[arg-type]


def passed(provider: Playing, *rules: Rule, asked: str = "Hi") -> list[list[ModelEvent]]:
    """What comes through, batch for batch."""
    filtered = over({"p": provider}, Moderation(Rules(rules)))["p"]
    request = ModelRequest(model="m", messages=(user(asked),))
    return [list(batch) for batch in filtered.stream(request)]


def flat(batches: list[list[ModelEvent]]) -> list[ModelEvent]:
    return [event for batch in batches for event in batch]


def test_without_rules_there_is_nothing_between() -> None:
    """A provider is the same object as before: no event is touched."""
    provider = Playing()
    assert over({"p": provider}, Moderation())["p"] is provider


def test_rules_for_questions_leave_answers_alone() -> None:
    """Where no rule is for answers, an answer's events are the provider's own."""
    batch: list[ModelEvent] = [TextDelta("secret"), _STOP]
    filtered = over({"p": Playing(batch)}, Moderation(Rules((rule(directions=("question",)),))))
    (given,) = filtered["p"].stream(ModelRequest(model="m", messages=(user("Hi"),)))
    assert given is batch


def test_the_end_of_a_blocked_answer() -> None:
    """It ends with its figures and `content_filter`; the provider is hung up on at once."""
    provider = Playing([TextDelta("A sec")], [TextDelta("ret.")], [TextDelta("More")], [_STOP])
    events = flat(passed(provider, rule()))
    assert events[0] == TextDelta("A ")
    report, finish = events[1:]
    assert isinstance(report, UsageReport)
    assert (report.usage.estimated, report.usage.output_tokens > 0) == (True, True)
    assert finish == Finish("content_filter")
    assert provider.closed


def test_exact_figures_stay_exact() -> None:
    """Where all was said before it turned out to be blocked, the provider's figures hold."""
    report = UsageReport(Usage(input_tokens=3, output_tokens=9))
    held: list[ModelEvent] = [TextDelta("top secret"), report, _STOP]
    events = flat(passed(Playing(held), rule(patterns=("secret(?: plan)?",))))
    assert events == [TextDelta("top "), report, report, Finish("content_filter")]


def test_reasoning_is_filtered_as_well() -> None:
    """What a model thinks is seen, too."""
    events = flat(passed(Playing([ReasoningDelta("a secret")], [_STOP]), rule("mask")))
    said = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    assert (said, events[-1]) == ("a [it]", _STOP)


@pytest.mark.parametrize(
    "end", [CutOff("Cut.", provider="p"), Interrupted("stopped")], ids=["cut", "stopped"]
)
def test_what_was_held_is_said_before_it_breaks(end: BaseException) -> None:
    """An answer that breaks off, or is stopped, keeps what was held back of it."""
    provider = Playing([TextDelta("a sec")], end)
    filtered = over({"p": provider}, Moderation(Rules((rule(),))))["p"]
    batches = filtered.stream(ModelRequest(model="m", messages=(user("Hi"),)))
    said = [next(batches), next(batches)]
    with pytest.raises(type(end)):
        next(batches)
    assert "".join(e.text for batch in said for e in batch if isinstance(e, TextDelta)) == "a sec"


def test_the_request_has_gone_out() -> None:
    """The empty batch that says so comes through, so that it is paid for."""
    assert passed(Playing([], [_STOP]), rule())[0] == []


@pytest.mark.parametrize(
    "arguments", ['{"q": "a secret"}', '{"q": "a s\\u0065cret"}', '{"secret": 1}']
)
def test_calls_of_tools(arguments: str) -> None:
    """What a call says is looked at as it is meant, and no piece of it goes on before."""
    batches: list[Sequence[ModelEvent]] = [
        [ToolInputDelta("c1", "find", piece)] for piece in (arguments[:9], arguments[9:])
    ]
    events = flat(passed(Playing(*batches, [ToolCall("c1", "find", arguments), _STOP]), rule()))
    assert [type(event) for event in events] == [UsageReport, Finish]
    assert events[-1] == Finish("content_filter")


def test_a_call_that_may_be_made() -> None:
    """Nothing in it is masked, and it comes as it was written, pieces first."""
    events: list[ModelEvent] = [
        ToolInputDelta("c1", "find", '{"q": '),
        ToolInputDelta("c1", "find", '"a secret"}'),
        ToolCall("c1", "find", '{"q": "a secret"}'),
        Finish("tool_calls"),
    ]
    for rules in ((rule("mask"),), (rule("mask"), rule(patterns=("other",)))):
        assert flat(passed(Playing(events), *rules)) == events


def test_what_no_use_case_has_refused() -> None:
    """Before the provider is asked at all, the last message is looked at once more."""
    provider = Playing([_STOP])
    with pytest.raises(ContentFiltered):
        passed(provider, rule(), asked="secret")
    assert provider.calls == []


def test_a_count_gets_no_more_than_a_model() -> None:
    """A provider that only counts is not shown what would be masked or blocked."""
    seen: list[ModelRequest] = []

    class Counting(Playing):
        def count(self, request: ModelRequest) -> int | None:
            seen.append(request)
            return 1

    filtered = over({"p": Counting()}, Moderation(Rules((rule("mask"),))))["p"]
    assert filtered.count(ModelRequest(model="m", messages=(user("a secret"),))) == 1
    assert seen[0].messages[-1].text == "a [it]"
