"""Figures that are added up in memory and handed on twice a second.

What all workers' figures are read from is a file each, and a line in it costs ten calls to change;
a turn changes a dozen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from prometheus_client import Counter, Gauge, Histogram


class Due(Protocol):
    """Something to hand on."""

    def hand_on(self) -> None: ...


F = TypeVar("F", bound=Due)


class Tally:
    """What waits to be handed on."""

    def __init__(self) -> None:
        self._due: list[Due] = []

    def add(self, due: Due) -> None:
        self._due.append(due)

    def hand_on(self) -> None:
        due, self._due = self._due, []
        for figure in due:
            figure.hand_on()


class Added:
    """A counter, or a gauge that goes up and down."""

    __slots__ = ("_figure", "_tally", "_waiting")

    def __init__(self, figure: Counter | Gauge, tally: Tally) -> None:
        self._figure = figure
        self._tally = tally
        self._waiting: float | None = None

    def inc(self, amount: float = 1) -> None:
        if self._waiting is None:
            self._waiting = 0
            self._tally.add(self)
        self._waiting += amount

    def dec(self) -> None:
        self.inc(-1)

    def hand_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting:
            self._figure.inc(waiting)


class Observed:
    """A histogram."""

    __slots__ = ("_figure", "_tally", "_waiting")

    def __init__(self, figure: Histogram, tally: Tally) -> None:
        self._figure = figure
        self._tally = tally
        self._waiting: list[float] = []

    def observe(self, value: float) -> None:
        if not self._waiting:
            self._tally.add(self)
        self._waiting.append(value)

    def hand_on(self) -> None:
        """What `observe` of the library does, once for all."""
        values, self._waiting = self._waiting, []
        figure, counts = self._figure, dict[int, int]()
        for value in values:
            bucket = bisect_left(figure._upper_bounds, value)  # a bound is in its bucket
            counts[bucket] = counts.get(bucket, 0) + 1
        figure._sum.inc(sum(values))
        for bucket, count in counts.items():
            figure._buckets[bucket].inc(count)


class Labelled(Generic[F]):
    """A figure for each set of labels; whoever names one again gets the same."""

    def __init__(self, made: Callable[..., F]) -> None:
        self._made = made
        self._figures: dict[tuple[str | int, ...], F] = {}

    def labels(self, *values: str | int) -> F:
        figure = self._figures.get(values)
        if figure is None:
            figure = self._figures[values] = self._made(*values)
        return figure
