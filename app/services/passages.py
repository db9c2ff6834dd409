"""An answer on its way through the rules, between the provider and whoever asked.

What is held back is less than the longest match of a rule. An answer that may not go on ends with
the finish reason `content_filter`, and the provider is hung up on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

import msgspec

from app.errors import ProviderError
from app.events import (
    Answer,
    Finish,
    ModelEvent,
    ReasoningDelta,
    ReasoningSignature,
    TextDelta,
    ToolCall,
    ToolInputDelta,
    UsageReport,
)
from app.filtering.sieve import Blocked, Sieve, Tally
from app.profiles import Profile
from app.providers.base import Embedded, Embedder, EmbeddingRequest, ModelRequest, Provider
from app.runs.run import Interrupted
from app.services.moderation import Moderation
from app.services.settlement import Figures, settled


def over(providers: dict[str, Provider], moderation: Moderation) -> dict[str, Provider]:
    """The providers, each with the rules before it; without rules as they are."""
    if not moderation.mark:
        return providers
    return {
        name: (_Embedding if isinstance(provider, Embedder) else Filtered)(provider, moderation)
        for name, provider in providers.items()
    }


class Filtered:
    """A provider with the rules before it."""

    def __init__(self, provider: Provider, moderation: Moderation) -> None:
        self.name = provider.name
        self._provider = provider
        self._moderation = moderation

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        """As the provider's own. Raises ContentFiltered, too."""
        self._moderation.refuse(request)
        if not self._moderation.filters_answers:
            return self._provider.stream(request)
        return self._passing(request)

    def count(self, request: ModelRequest) -> int | None:
        self._moderation.refuse(request)
        return self._provider.count(self._moderation.masked(request))

    def models(self) -> Sequence[str]:
        return self._provider.models()

    def default_model(self) -> str:
        return self._provider.default_model()

    def profile(self, model: str) -> Profile:
        return self._provider.profile(model)

    def close(self) -> None:
        self._provider.close()

    def _passing(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        passage = Passage(self._moderation, request)
        try:
            with closing(self._provider.stream(request)) as stream:  # type: ignore[type-var]
                for batch in stream:
                    yield passage.take(batch)
                    if passage.ended:
                        return
        except (ProviderError, Interrupted) as end:
            # What was held back had been said, and is paid for.
            yield passage.rest()
            if passage.ended and isinstance(end, ProviderError):
                return
            raise
        finally:
            passage.close()


class _Embedding(Filtered):
    """One that makes vectors as well; what they are made of was looked at before."""

    def embed(self, request: EmbeddingRequest) -> Embedded:
        assert isinstance(self._provider, Embedder)
        return self._provider.embed(request)


class Passage:
    """Of one answer. `ended` once it has its Finish, the provider's or ours."""

    def __init__(self, moderation: Moderation, request: ModelRequest) -> None:
        self.ended = False
        self._moderation = moderation
        self._request = request
        self._tally = Tally()
        self._text = Sieve(moderation.answers, self._tally)
        self._thought = Sieve(moderation.answers, self._tally)
        self._heard: list[str] = []  # as the provider said it
        self._thoughts: list[str] = []
        self._written: list[ToolInputDelta] = []  # of calls that are not whole yet
        self._late: list[ModelEvent] = []  # held until the answer was judged
        self._figures = Figures()

    def take(self, batch: Sequence[ModelEvent]) -> Sequence[ModelEvent]:
        """What of it may go on."""
        passed: list[ModelEvent] = []
        try:
            for event in batch:
                passed += self._took(event)
        except Blocked:
            return [*passed, *self._blocked()]
        return passed

    def rest(self) -> Sequence[ModelEvent]:
        """What was held back, of an answer that will not go on.

        Nothing where only a judgement of the whole would let it through.
        """
        if self.ended or self._moderation.holds_answers:
            return []
        try:
            return self._released()
        except Blocked:
            return self._blocked()

    def close(self) -> None:
        """Count what was found."""
        self._moderation.note("answer", self._tally)

    def _took(self, event: ModelEvent) -> Iterable[ModelEvent]:
        match event:
            case TextDelta(text):
                self._heard.append(text)
                return self._shown([TextDelta(passed)] if (passed := self._text.push(text)) else [])
            case ReasoningDelta(text):
                self._thoughts.append(text)
                passed = self._thought.push(text)
                return self._shown([ReasoningDelta(passed)] if passed else [])
            case ToolInputDelta() if self._moderation.calls or self._moderation.holds_answers:
                self._written.append(event)
                return []
            case ToolCall():
                return self._shown(self._called(event))
            case UsageReport(usage):
                self._figures.usage = usage
            case Finish():
                self._figures.finish = event
                return [*self._finished(), event]
            case ReasoningSignature() | ToolInputDelta():
                return self._shown([event])
        return [event]

    def _shown(self, events: list[ModelEvent]) -> list[ModelEvent]:
        """At once, or when all is judged."""
        if not self._moderation.holds_answers:
            return events
        self._late += events
        return []

    def _called(self, call: ToolCall) -> list[ModelEvent]:
        """A call is looked at when it is whole, however its text is escaped. Raises Blocked."""
        for text in _texts(call.arguments):
            self._moderation.calls.passed(text, self._tally)
        written = [event for event in self._written if event.call_id == call.call_id]
        self._written = [event for event in self._written if event.call_id != call.call_id]
        return [*written, call]

    def _released(self) -> list[ModelEvent]:
        """Raises Blocked."""
        passed: list[ModelEvent] = []
        if thought := self._thought.end():
            passed += self._shown([ReasoningDelta(thought)])
        if text := self._text.end():
            passed += self._shown([TextDelta(text)])
        self._moderation.calls.passed("".join(e.text for e in self._written), self._tally)
        passed += self._shown([*self._written])
        self._written = []
        return passed

    def _finished(self) -> list[ModelEvent]:
        """Raises Blocked, and Unavailable."""
        passed = self._released()
        self._moderation.judge("answer", "".join(self._heard), self._tally)
        self.ended = True
        return [*passed, *self._late]

    def _blocked(self) -> list[ModelEvent]:
        """The end of an answer that was cut here. What the provider has said by now is counted."""
        self.ended = True
        said = Answer(
            start=None, text="".join(self._heard), reasoning="".join(self._thoughts), end=None
        )
        usage = settled(self._figures, said, self._request)
        return [UsageReport(usage), Finish("content_filter")]


def _texts(arguments: str) -> Iterator[str]:
    """All texts in a call's arguments; where they are no JSON, themselves."""
    try:
        waiting = [msgspec.json.decode(arguments)]
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        yield arguments
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
