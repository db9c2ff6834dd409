"""A provider that answers each call as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gevent

from app.errors import Overloaded, ProviderError
from app.events import Finish, ModelEvent, TextDelta, Usage, UsageReport
from app.messages import user
from app.metering.meter import Ended, Planned
from app.metering.prices import Prices
from app.metrics import Metrics
from app.providers.base import ModelRequest, Profile
from app.providers.breaker import MemoryBreakers, Threshold
from app.services.attempts import Attempts, Composed, RetryBudget
from app.services.models import Candidate, Model
from app.services.relay import Origin

# A call's outcome: an error to begin with, a text to answer, or both, one after the other.
Outcome = ProviderError | str | tuple[str, ProviderError]


class Scripted:
    """`calls` are the requests that came; when the script is over it says "ok"."""

    def __init__(self, name: str, *script: Outcome, pause: float = 0.0) -> None:
        self.name = name
        self.calls: list[ModelRequest] = []
        self._script = list(script)
        self._pause = pause

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        self.calls.append(request)
        outcome = self._script.pop(0) if self._script else "ok"
        gevent.sleep(self._pause)
        yield [UsageReport(Usage(input_tokens=3))]
        if isinstance(outcome, ProviderError):
            raise outcome
        text, error = outcome if isinstance(outcome, tuple) else (outcome, None)
        yield [TextDelta(text)]
        if error:
            raise error
        yield [UsageReport(Usage(input_tokens=3, output_tokens=1)), Finish("stop")]

    def models(self) -> Sequence[str]:
        return ["m"]

    def default_model(self) -> str:
        return "m"

    def profile(self, model: str) -> Profile:
        return Profile(context_window=1_000)

    def count(self, request: ModelRequest) -> int | None:
        return None

    def close(self) -> None:
        """Nothing is open."""


def busy(retry_after: float | None = None) -> ProviderError:
    return Overloaded("Busy.", provider="p", retry_after=retry_after)


def candidate(provider: Scripted, **said: Any) -> Candidate:
    return Candidate(Model(provider, "m"), **said)


def composed(candidate: Candidate) -> Composed:
    return Composed(ModelRequest(model=candidate.model.name, messages=(user("Hi"),)), 0)


class Unmetered:
    """A meter that has nothing against anything, and remembers how calls ended."""

    def __init__(self) -> None:
        self.prices = Prices()
        self.ends: list[Ended] = []

    def next(self, planned: Planned) -> int | None:
        return planned.wanted_output

    def ended(self, ended: Ended) -> None:
        self.ends.append(ended)

    def calling(self) -> None:
        """Nobody traces it."""

    def made(self) -> None:
        """So it has to end."""

    def first_token(self) -> None:
        """It takes no time."""


def stream(source: Origin) -> Iterator[Sequence[ModelEvent]]:
    with source.answer() as batches:
        yield from batches


def attempts(
    *chain: Scripted | Candidate,
    budget: RetryBudget | None = None,
    breakers: MemoryBreakers | None = None,
    metrics: Metrics | None = None,
    clock: Callable[[], float] | None = None,
) -> Attempts:
    """With waits of next to nothing, unless `budget` says otherwise."""
    return Attempts(
        [c if isinstance(c, Candidate) else candidate(c) for c in chain],
        composed,
        breakers or MemoryBreakers(Threshold(calls=1_000)),
        budget or RetryBudget(calls=4, longest_wait=5.0, first_wait=0.001),
        Unmetered(),  # type: ignore[arg-type]
        metrics or Metrics(),
        deadline=1e12,
    )


def said(source: Origin) -> str:
    """The text of the whole answer."""
    return "".join(e.text for batch in stream(source) for e in batch if isinstance(e, TextDelta))
