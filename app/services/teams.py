"""Teams: what the keys of one share in limits and budgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from app.accounts import Limits
from app.services.keys import Wanted, in_dollars, in_units
from app.storage import allowances, teams
from app.storage.database import Database, Transaction


class Team(msgspec.Struct, frozen=True):
    """`budgets` in US dollars by period."""

    name: str
    limits: Limits
    budgets: Mapping[str, Decimal]


class Teams:
    """`changed` is called after each change."""

    def __init__(self, database: Database, changed: Callable[[], None]) -> None:
        self._database = database
        self._changed = changed

    def put(self, name: str, limits: Mapping[str, int | None], wanted: Wanted) -> Team:
        """Replace what the team has: what is not named is not limited any more."""
        amounts = {"request": None, "day": None, "month": None, **in_units(wanted)}

        def work(tx: Transaction) -> Team:
            teams.put(tx, name, Limits(**limits))
            allowances.change(tx, "team", name, amounts)
            return _kept(tx, {name: Limits(**limits)})[0]

        team = self._database.write(work)
        self._changed()
        return team

    def every(self) -> Sequence[Team]:
        """All that have been given something, in the order of their names."""
        return self._database.read(lambda tx: _kept(tx, teams.every(tx)))


def _kept(tx: Transaction, found: Mapping[str, Limits]) -> list[Team]:
    amounts = allowances.of(tx, "team", list(found))
    return [Team(name, limits, in_dollars(amounts[name])) for name, limits in found.items()]
