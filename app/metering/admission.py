"""What one request has taken of the limits that concern it, and how it is given back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.events import Usage
from app.metering.counters import Counters, Taken, Want

Kind = Literal["requests", "tokens", "streams"]
_WHOSE = {"key": "This key", "user": "This user", "team": "This key's team", "all": "This server"}
_WHAT: dict[Kind, str] = {
    "requests": "requests a minute",
    "tokens": "tokens a minute",
    "streams": "streams at once",
}


@dataclass(frozen=True)
class Limit:
    whose: str
    name: str
    kind: Kind
    amount: int

    def __str__(self) -> str:
        return f"{_WHOSE[self.whose]} has a limit of {self.amount} {_WHAT[self.kind]}"

    def want(self, tokens: int) -> Want:
        """What a request that may use so many tokens takes of it."""
        cost = tokens if self.kind == "tokens" else 1
        return Want(self.name, self.amount, cost, place=self.kind == "streams")


class Admission:
    """What a request has taken. Every method may be called again, and then does nothing."""

    def __init__(
        self, counters: Counters, limits: Sequence[Limit], tokens: int, taken: Taken
    ) -> None:
        self._counters = counters
        self._limits = limits
        self._tokens = tokens
        self._taken = taken
        self._counts = True  # in its minutes, as it was estimated
        self._has_places = bool(taken.places)

    def settle(self, tokens: int) -> None:
        """Put what was really used in the place of what was reserved."""
        self._correct(requests=0, tokens=tokens - self._tokens)

    def cover(self, work: Callable[[], Usage], before: int = 0) -> None:
        """Do the work of a stream. The limits get its truth, without the tokens of `before`, and
        its place back in any case.
        """
        try:
            usage = work()
            self.settle(usage.input_tokens + usage.output_tokens - before)
        finally:
            self.release()

    def release(self) -> None:
        """Free the stream's place."""
        if self._has_places:
            self._has_places = False
            self._counters.vacate(self._taken)

    def cancel(self) -> None:
        """Give everything back: the request was not carried out. Not after `settle`."""
        self.release()
        self._correct(requests=-1, tokens=-self._tokens)

    def _correct(self, *, requests: int, tokens: int) -> None:
        if not self._counts:
            return
        self._counts = False
        by_kind = {"requests": requests, "tokens": tokens}
        changes = {x.name: by_kind[x.kind] for x in self._limits if by_kind.get(x.kind)}
        if changes:
            self._counters.correct(self._taken, changes)

    def __del__(self) -> None:
        # The last resort, when the garbage is collected: who holds this is to release it himself.
        self.release()
