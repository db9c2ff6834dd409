"""Which hours are far from what is usual at their time of the day. Arithmetic, and nothing else.

What is usual is the median of the same hour of the days before, or what there was a week ago if
that is nearer: many an installation has quiet Sundays. Where all hours lie within the factor of
one another nothing is ever said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Literal

from app.metering.money import dollars, units
from app.storage.hours import HOUR, Hour

Kind = Literal["spend", "spend_low", "errors"]

DAYS = 7  # that are looked back
_ENOUGH = 3  # days, of which there must be so many to know what is usual
_NOTABLE = 0.1  # of the calls may fail wherever calls fail now and then


@dataclass(frozen=True)
class Threshold:
    """`factor` 0 means that nobody looks; smaller sums, or fewer calls, are never unusual."""

    factor: float
    least_usd: Decimal
    least_calls: int


@dataclass(frozen=True)
class Seen:
    """An hour that began at `start`, as it is at `until`, which is its end if it is over.

    `past` is the same hour of the days before, yesterday's first; times in milliseconds.
    """

    start: int
    until: int
    now: Hour
    past: Sequence[Hour]

    @property
    def over(self) -> bool:
        return self.until >= self.start + HOUR

    @property
    def times(self) -> str:
        """As a sentence begins with them."""
        begun, until = (datetime.fromtimestamp(t / 1000, UTC) for t in (self.start, self.until))
        return f"On {begun:%Y-%m-%d} between {begun:%H:%M} and {until:%H:%M} UTC"


@dataclass(frozen=True)
class Anomaly:
    """`observed` and `usual` are US dollars, or shares of the calls."""

    kind: Kind
    hour: int
    observed: float
    usual: float
    sentence: str


def anomalies(seen: Seen, threshold: Threshold) -> Iterator[Anomaly]:
    if threshold.factor and len(seen.past) >= _ENOUGH:
        yield from _spend(seen, threshold)
        yield from _spend_low(seen, threshold)
        yield from _errors(seen, threshold)


def _spend(seen: Seen, threshold: Threshold) -> Iterator[Anomaly]:
    cost, usual = seen.now.cost, max(_usual(seen), _a_week_ago(seen))
    if cost < units(threshold.least_usd) or cost <= threshold.factor * usual:
        return
    far = f"{cost / usual:.1f} times the {_usd(usual)} that are" if usual else "where nothing is"
    yield _anomaly(
        "spend",
        seen,
        cost,
        usual,
        f"{seen.times} calls to models have cost {_usd(cost)} US dollars, {far} usual for "
        "this hour. The usage by key and by model says who spends; a budget stops it.",
    )


def _spend_low(seen: Seen, threshold: Threshold) -> Iterator[Anomaly]:
    """Only of an hour that is over: before, every hour has cost too little."""
    cost, usual = seen.now.cost, min(_usual(seen), _a_week_ago(seen))
    quiet = usual < units(threshold.least_usd) or cost * threshold.factor >= usual
    if quiet or not seen.over or len(seen.past) < DAYS:
        return
    yield _anomaly(
        "spend_low",
        seen,
        cost,
        usual,
        f"{seen.times} calls to models have cost {_usd(cost)} US dollars, where {_usd(usual)} are "
        "usual for this hour. Either there is little to do, or callers do not get through.",
    )


def _errors(seen: Seen, threshold: Threshold) -> Iterator[Anomaly]:
    hour, calls = seen.now, sum(past.calls for past in seen.past)
    usual = sum(past.failed for past in seen.past) / calls if calls else 0.0
    # Towards all that fail it is counted by what succeeds, or half of them could never be far.
    far = min(usual * threshold.factor, 1 - (1 - usual) / threshold.factor)
    if hour.calls < threshold.least_calls or hour.failed <= max(far, _NOTABLE) * hour.calls:
        return
    share = hour.failed / hour.calls
    sentence = (
        f"{seen.times} {hour.failed} of {hour.calls} calls to models failed ({share:.0%}), where "
        f"{usual:.0%} is usual for this hour. The log lines call_failed say why, and "
        "/readyz?verbose which models are left alone."
    )
    yield Anomaly("errors", seen.start, share, usual, sentence)


def _anomaly(kind: Kind, seen: Seen, cost: int, usual: float, sentence: str) -> Anomaly:
    return Anomaly(kind, seen.start, float(_dollars(cost)), float(_dollars(usual)), sentence)


def _usual(seen: Seen) -> float:
    return median(hour.cost for hour in seen.past)


def _a_week_ago(seen: Seen) -> float:
    return seen.past[DAYS - 1].cost if len(seen.past) >= DAYS else _usual(seen)


def _dollars(amount: float) -> Decimal:
    return dollars(round(amount))


def _usd(amount: float) -> str:
    return f"{_dollars(amount):.2f}"
