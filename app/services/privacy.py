"""All that there is of one owner: taken away as a file, or deleted for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import gevent
import msgspec
import structlog

from app.accounts import Account
from app.ids import now
from app.services.erasure import Erasure
from app.services.export import iso
from app.services.export import json as whole
from app.storage import feedback, messages, privacy
from app.storage.database import Database, Transaction
from app.storage.privacy import Amounts

log = structlog.get_logger()

T = TypeVar("T")

# Rows that are read at once, and conversations that are deleted in one transaction: whoever else
# wants to write waits for one of these.
_READ, _REMOVED = 200, 25

# Milliseconds in which a log may be in Redis of a run that nobody keeps.
_RECENT = 90_000_000

_encoder = msgspec.json.Encoder(decimal_format="number")


class Privacy:
    """What is not the owner's own is not touched."""

    def __init__(self, database: Database, erasure: Erasure) -> None:
        self._database = database
        self._erasure = erasure

    def export(self, account: Account) -> Iterator[bytes]:
        """One JSON object, in pieces, each of them read when it is asked for."""
        owner, payer = account.owner, account.payer
        head = {"owner": owner, "user": account.user, "exported_at": iso(now())}
        yield _encoder.encode(head)[:-1]
        said = self._database.read(lambda tx: feedback.every(tx, owner))
        terms = self._database.read(lambda tx: privacy.accepted(tx, owner))
        yield from _listed("terms_accepted", map(_dated, terms))
        yield from _listed("feedback", (_dated(msgspec.structs.asdict(one)) for one in said))
        yield from _listed(
            "runs", self._pages(lambda tx, last: privacy.runs_after(tx, owner, last, _READ))
        )
        yield from _listed(
            "calls",
            self._pages(lambda tx, last: privacy.calls_after(tx, payer, account.user, last, _READ)),
        )
        yield b',"conversations":['
        yield from _joined(self._conversations(owner))
        yield b"]}"

    def delete(self, account: Account) -> Amounts:
        """Delete everything but what the ledger says of money. How much of what that was.

        Raises Unavailable: not all is deleted; asked again, it goes on where it was.
        """
        owner, since = account.owner, now() - _RECENT
        found = self._database.report(lambda tx: privacy.amounts(tx, owner))
        runs = self._database.report(lambda tx: privacy.run_ids(tx, owner, account.payer, since))
        self._erasure.stop(owner)
        while self._database.sweep(lambda tx: privacy.remove_conversations(tx, owner, _REMOVED)):
            gevent.sleep(0)
        self._database.sweep(
            lambda tx: privacy.remove_rest(tx, owner, account.key_id, account.user)
        )
        self._erasure.clear(owner, runs)
        self._database.erase()
        log.info("owner_deleted", **found)
        return found

    def _conversations(self, owner: str) -> Iterator[bytes]:
        last = ""
        while found := self._read(
            lambda tx, last=last: privacy.conversations_after(tx, owner, last, _READ)  # type: ignore[misc]
        ):
            for conversation in found:
                said = self._read(lambda tx, some=conversation: messages.every(tx, some.id))  # type: ignore[misc]
                yield whole(conversation, said)
            last = found[-1].id

    def _pages(
        self, page: Callable[[Transaction, str], Sequence[dict[str, Any]]]
    ) -> Iterator[Mapping[str, Any]]:
        last = ""
        while found := self._read(lambda tx, last=last: page(tx, last)):  # type: ignore[misc]
            yield from map(_dated, found)
            last = found[-1]["id"]

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return self._database.report(work)


def _listed(name: str, rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    yield f',"{name}":['.encode()
    yield from _joined(map(_encoder.encode, rows))
    yield b"]"


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        yield (b"," if number else b"") + piece


def _dated(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """With moments as people read them."""
    return {
        name: iso(value) if name.endswith("_at") and value is not None else value
        for name, value in row.items()
    }
