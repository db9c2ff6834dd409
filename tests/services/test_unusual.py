"""What is unusual: nothing on steady noise, one thing on a step."""

from __future__ import annotations

from decimal import Decimal
from statistics import median

from hypothesis import assume, given
from hypothesis import strategies as st

from app.metering.money import units
from app.services.unusual import DAYS, Anomaly, Seen, Threshold, anomalies
from app.storage.hours import HOUR, Hour

_THRESHOLD = Threshold(factor=3.0, least_usd=Decimal(1), least_calls=50)
_START = 1_800_000_000_000 // HOUR * HOUR


def found(
    now: Hour, past: list[Hour], minutes: int = 60, threshold: Threshold = _THRESHOLD
) -> list[Anomaly]:
    return list(anomalies(Seen(_START, _START + minutes * 60_000, now, past), threshold))


def usd(amount: float, calls: int = 100, failed: int = 0) -> Hour:
    return Hour(calls, failed, units(Decimal(str(round(amount, 6)))))


@given(
    st.floats(0.01, 1_000),
    st.lists(st.floats(1, 2.99), min_size=1, max_size=DAYS + 1),
    st.integers(1, 60),
)
def test_noise_is_nothing(level: float, noise: list[float], minutes: int) -> None:
    """Where all hours lie within the factor of one another nobody is told anything."""
    now, *past = [usd(level * times) for times in noise]
    partly = Hour(now.calls, now.failed, now.cost * minutes // 60)
    told = found(partly, past, minutes)
    assert not [a for a in told if a.kind == "spend" or minutes == 60]


@given(st.floats(1, 1_000), st.lists(st.floats(0.8, 1.2), min_size=3, max_size=DAYS))
def test_a_step_up_is_told(level: float, noise: list[float]) -> None:
    """Four times what was usual is one anomaly, and it says how far it is."""
    past = [usd(level * times) for times in noise]
    (anomaly,) = found(usd(level * 1.2 * 3.3), past, minutes=20)
    assert (anomaly.kind, anomaly.hour) == ("spend", _START)
    assert anomaly.observed > 3 * anomaly.usual > 0
    assert f"{anomaly.observed:.2f} US dollars" in anomaly.sentence
    assert anomaly.sentence.startswith("On 2027-01-15 between 08:00 and 08:20 UTC ")


@given(st.floats(4, 1_000), st.lists(st.floats(0.8, 1.2), min_size=DAYS, max_size=DAYS))
def test_a_step_down_is_told_when_the_hour_is_over(level: float, noise: list[float]) -> None:
    """A quarter of what is usual is one as well, but not while there is time left."""
    past = [usd(level * times) for times in noise]
    assert [a.kind for a in found(usd(level * 0.8 / 3.3), past)] == ["spend_low"]
    assert found(usd(level * 0.8 / 3.3), past, minutes=59) == []


@given(st.lists(st.floats(0, 100), min_size=3, max_size=DAYS), st.floats(0, 0.99))
def test_small_sums_are_never_unusual(past: list[float], now: float) -> None:
    """Under the least amount nobody minds a multiple."""
    assert not [a for a in found(usd(now), [usd(x) for x in past]) if a.kind == "spend"]


def test_money_where_there_was_none() -> None:
    """An hour in which nothing is usual is told of from the least amount on."""
    (anomaly,) = found(usd(1.5), [usd(0)] * DAYS)
    assert "1.50 US dollars, where nothing that is usual" not in anomaly.sentence
    assert "where nothing is usual for this hour" in anomaly.sentence


def test_quiet_days_come_every_week() -> None:
    """A Sunday like the last one is no drop, and a Saturday like the last one no rise."""
    weekdays = [usd(90), *[usd(90)] * 5]
    assert found(usd(9), [*weekdays, usd(10)]) == []
    quiet = [usd(10)] * 6
    assert found(usd(95), [*quiet, usd(90)]) == []


def test_one_day_of_trouble_does_not_become_usual() -> None:
    """What was far from usual yesterday still is today."""
    past = [usd(50), *[usd(2)] * 6]
    assert [a.kind for a in found(usd(50), past)] == ["spend"]


def test_nobody_knows_what_is_usual_after_two_days() -> None:
    """Three days are needed."""
    assert found(usd(1_000), [usd(1)] * 2) == []
    assert len(found(usd(1_000), [usd(1)] * 3)) == 1


@given(st.integers(50, 10_000), st.floats(0, 0.5), st.lists(st.floats(0.9, 1.1), min_size=3))
def test_a_steady_share_of_errors_is_nothing(calls: int, share: float, noise: list[float]) -> None:
    """However many they are, if they are always as many."""
    past = [Hour(1_000, round(1_000 * share * times), 0) for times in noise[:DAYS]]
    assert found(Hour(calls, int(calls * share), 0), past) == []


@given(st.integers(50, 10_000), st.floats(0, 0.2), st.integers(3, DAYS))
def test_a_step_in_errors_is_told(calls: int, share: float, days: int) -> None:
    """Four times the share, and more than a tenth of the calls, is one anomaly."""
    now = Hour(calls, round(calls * min(1, max(0.15, 4 * share))), 0)
    (anomaly,) = found(now, [Hour(1_000, round(1_000 * share), 0)] * days)
    assert anomaly.kind == "errors"
    assert f"{now.failed} of {calls} calls" in anomaly.sentence


@given(st.integers(0, 49), st.integers(3, DAYS))
def test_few_calls_say_nothing(calls: int, days: int) -> None:
    """Under the least number of calls all of them may fail."""
    assert found(Hour(calls, calls, 0), [Hour(1_000, 0, 0)] * days) == []


def test_where_half_fail_it_can_get_worse() -> None:
    """Near the top it is counted by what succeeds: 50 % that become 90 %."""
    past = [Hour(1_000, 500, 0)] * DAYS
    assert [a.kind for a in found(Hour(1_000, 900, 0), past)] == ["errors"]
    assert found(Hour(1_000, 700, 0), past) == []


def test_a_factor_of_nothing_looks_at_nothing() -> None:
    """0 turns it off."""
    off = Threshold(0, Decimal(1), 1)
    assert found(usd(1_000_000, 100, 100), [usd(1)] * DAYS, threshold=off) == []


@given(st.lists(st.floats(0, 1_000), min_size=3, max_size=DAYS), st.floats(0, 100_000))
def test_spend_that_is_told_is_far(past: list[float], now: float) -> None:
    """Nothing is ever told that is not beyond the factor of the median."""
    assume(median(past) > 0.01)
    for anomaly in found(usd(now), [usd(x) for x in past]):
        if anomaly.kind == "spend":
            assert now > 2.99 * median(past)
