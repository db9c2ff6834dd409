"""Money in tables and sums: whole numbers of 10^-12 US dollars, so that nothing is rounded away.

A token costs from some 10^-8 dollars on, and prices have at most six decimals for a million.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

_UNIT = Decimal(10) ** -12


def units(dollars: Decimal) -> int:
    """In units, rounded up: what is set aside must not be less than what is spent."""
    return int((dollars / _UNIT).to_integral_value(rounding=ROUND_CEILING))


def dollars(units: int) -> Decimal:
    """Exact."""
    return units * _UNIT
