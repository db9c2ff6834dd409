"""Keys as their administrators keep them: made, listed, changed, rotated, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from app.errors import Conflict
from app.ids import new_id, now
from app.metering.money import dollars, units
from app.services.digests import Digests
from app.storage import allowances, keys
from app.storage.database import Database, Transaction
from app.storage.keys import Key

# US dollars by period (request, day, month); None takes the budget away.
Wanted = Mapping[str, Decimal | None]
_NONE: Wanted = {}

# How much of a key is kept to tell keys apart: a tenth of its chance.
_SHOWN = len("parley_") + 4


class Kept(msgspec.Struct, frozen=True):
    """A key with its budgets in US dollars by period, and those of each of its users.

    `secret` is told once, when it is made.
    """

    key: Key
    budgets: Mapping[str, Decimal]
    user_budgets: Mapping[str, Decimal]
    secret: str | None = None


class Keys:
    """Every method that takes an id raises NotFound. `changed` is called after each change."""

    def __init__(self, database: Database, digests: Digests, changed: Callable[[], None]) -> None:
        self._database = database
        self._digests = digests
        self._changed = changed

    def create(self, given: Mapping[str, Any], wanted: Wanted, of_users: Wanted = _NONE) -> Kept:
        """`given` are the fields of a Key that its maker chooses; `owner` and `scopes` must be.

        `wanted` is its budget, `of_users` that of each of its users.
        """
        secret, digest, shown = self._drawn()
        key_id = new_id("key")
        made = {"id": key_id, "digest": digest, "shown": shown, "created_at": now()}

        def work(tx: Transaction) -> Kept:
            keys.add(tx, {"name": "", "metadata": {}, **given, **made})
            _grant(tx, key_id, wanted, of_users)
            return _kept(tx, [keys.find(tx, key_id)])[0]

        return msgspec.structs.replace(self._database.write(work), secret=secret)

    def page(self, limit: int, cursor: str | None) -> tuple[Sequence[Kept], str | None]:
        """The newest first, and the next page's cursor. BadInput for a bad cursor."""

        def work(tx: Transaction) -> tuple[Sequence[Kept], str | None]:
            found = keys.page(tx, limit, cursor)
            return _kept(tx, found.keys), found.next_cursor

        return self._database.read(work)

    def read(self, key_id: str) -> Kept:
        return self._database.read(lambda tx: _kept(tx, [keys.find(tx, key_id)])[0])

    def change(
        self, key_id: str, changes: Mapping[str, Any], wanted: Wanted, of_users: Wanted = _NONE
    ) -> Kept:
        """`changes` are fields of a Key; of its limits, and of the budgets, those that change.

        Raises Conflict for a key that is revoked.
        """

        def work(tx: Transaction) -> Kept:
            key = keys.living(tx, key_id)
            keys.change(tx, key.id, changes)
            _grant(tx, key.id, wanted, of_users)
            return _kept(tx, [keys.find(tx, key.id)])[0]

        changed = self._database.write(work)
        self._changed()
        return changed

    def rotate(self, key_id: str, overlap: int = 0) -> Kept:
        """Another key in its place, with all that it has; the old one holds for `overlap` seconds.

        Raises Conflict for a key that is revoked or has expired.
        """
        secret, digest, shown = self._drawn()

        def work(tx: Transaction) -> Kept:
            if keys.living(tx, key_id).state == "expired":
                raise Conflict("This key has expired, and another would be born so.")
            keys.rotate(tx, key_id, digest, shown, now() + overlap * 1000)
            return _kept(tx, [keys.find(tx, key_id)])[0]

        rotated = self._database.write(work)
        self._changed()
        return msgspec.structs.replace(rotated, secret=secret)

    def revoke(self, key_id: str) -> None:
        """Within two seconds it is taken nowhere any more. A second time changes nothing."""
        self._database.write(lambda tx: keys.revoke(tx, key_id))
        self._changed()

    def _drawn(self) -> tuple[str, str, str]:
        secret = f"parley_{secrets.token_urlsafe(32)}"
        return secret, self._digests.make(secret), secret[:_SHOWN]


def in_units(wanted: Wanted) -> dict[str, int | None]:
    return {period: None if sum_ is None else units(sum_) for period, sum_ in wanted.items()}


def in_dollars(amounts: Mapping[str, int]) -> dict[str, Decimal]:
    return {period: dollars(amount) for period, amount in amounts.items()}


def _kept(tx: Transaction, found: Sequence[Key]) -> list[Kept]:
    ids = [key.id for key in found]
    own, users = allowances.of(tx, "key", ids), allowances.of(tx, "user", ids)
    return [Kept(key, in_dollars(own[key.id]), in_dollars(users[key.id])) for key in found]


def _grant(tx: Transaction, key_id: str, wanted: Wanted, of_users: Wanted) -> None:
    for scope, amounts in (("key", wanted), ("user", of_users)):
        allowances.change(tx, scope, key_id, in_units(amounts))
