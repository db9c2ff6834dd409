"""What one request has taken of the limits that concern it, and how it is given back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from app.metering.windows import Counters

Kind = Literal["requests", "tokens", "streams"]
_WHOSE = {"key": "This key", "team": "This key's team", "all": "This server"}
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


class Admission:
    """What a request has taken. Every method may be called again, and then does nothing."""

    def __init__(self, counters: Counters, tokens: int) -> None:
        self._counters = counters
        self._tokens = tokens
        self._moment = time.time()
        self._taken: list[Limit] = []
        self._places: list[Limit] = []

    def take(self, limit: Limit) -> bool:
        if limit.kind == "streams":
            taken, among = self._counters.occupy(limit.name, limit.amount), self._places
        else:
            cost = self._tokens if limit.kind == "tokens" else 1
            taken, among = self._counters.take(limit.name, limit.amount, cost), self._taken
        if taken:
            among.append(limit)
        return taken

    def settle(self, tokens: int) -> None:
        """Put what was really used in the place of what was reserved."""
        self._correct(requests=0, tokens=tokens - self._tokens)

    def release(self) -> None:
        """Free the stream's place."""
        while self._places:
            self._counters.vacate(self._places.pop().name)

    def cancel(self) -> None:
        """Give everything back: the request was not carried out. Not after `settle`."""
        self.release()
        self._correct(requests=-1, tokens=-self._tokens)

    def _correct(self, *, requests: int, tokens: int) -> None:
        while self._taken:
            limit = self._taken.pop()
            cost = tokens if limit.kind == "tokens" else requests
            self._counters.correct(limit.name, limit.amount, cost, self._moment)

    def __del__(self) -> None:
        # The last resort, when the garbage is collected: who holds this is to release it himself.
        self.release()
