"""What was used and what it cost, summed up by day, model, key and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from app.errors import BadInput
from app.ids import now
from app.metering.money import dollars
from app.metering.periods import name_of
from app.storage import feedback, usage
from app.storage.database import Database, Transaction
from app.storage.feedback import Votes
from app.storage.usage import Day, Group, Names, Only, Sums

MOST_DAYS = 400
MOST_ROWS = 10_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`first` and `last` are days of the installation, both counted.

    By default the last is today, and the first is the first of its month.
    """

    by: Sequence[Group] = ("day",)
    first: date | None = None
    last: date | None = None
    owner: str | None = None
    user: str | None = None
    team: str | None = None
    key: str | None = None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """`failed` and `unpriced` are those of the calls; what is unpriced is not in `cost_usd`."""

    calls: int
    failed: int
    unpriced: int
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The rows in the order of their names; the totals are those of all rows.

    `votes` are what people said of answers in these days.
    """

    first: date
    last: date
    time_zone: str
    by: Sequence[Group]
    rows: Sequence[tuple[Names, Figures]]
    totals: Figures
    votes: Votes = Votes()


class Usage:
    """Reads the ledger. `zone` is where the installation's days begin."""

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = zone

    def report(self, asked: Asked) -> Report:
        """Raises BadInput, by field, for too many days or rows: nothing is left out in silence."""
        first, last = self._span(asked)
        days = days_of(first, last, self._zone)
        only = Only(owner=asked.owner, user_id=asked.user, team=asked.team, key_id=asked.key)

        def work(tx: Transaction) -> tuple[list[tuple[Names, Sums]], Votes]:
            voted = feedback.votes(tx, days[0].start, days[-1].end, only)
            return usage.sums(tx, days, asked.by, only, MOST_ROWS + 1), voted

        found, votes = self._database.report(work)
        if len(found) > MOST_ROWS:
            raise _refused(
                "group_by",
                f"This makes more than {MOST_ROWS:,} rows; take fewer days or groups, or a filter.",
            )
        found.sort(key=lambda row: [name or "" for name in row[0]])
        return Report(
            first=first,
            last=last,
            time_zone=self._zone,
            by=asked.by,
            rows=[(names, _figures(sums)) for names, sums in found],
            totals=_figures(_total(sums for _, sums in found)),
            votes=votes,
        )

    def _span(self, asked: Asked) -> tuple[date, date]:
        last = asked.last or date.fromisoformat(name_of("day", now(), self._zone))
        first = asked.first or last.replace(day=1)
        if first > last:
            raise _refused("from", f"Must not be after the last day, {last}.")
        if (last - first).days >= MOST_DAYS:
            raise _refused("from", f"Must be less than {MOST_DAYS} days before the last, {last}.")
        return first, last


def days_of(first: date, last: date, zone: str) -> list[Day]:
    """Each day from its first moment in the zone to that of the next.

    Where the clock is put forward at midnight, that first moment is not 0:00.
    """
    dates = [first + timedelta(days=number) for number in range((last - first).days + 2)]
    edges = [_midnight(day, zone) for day in dates]
    return [
        Day(str(day), start, end) for day, start, end in zip(dates, edges, edges[1:], strict=False)
    ]


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp()) * 1000


def _total(rows: Iterable[Sums]) -> Sums:
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    return Sums(**dict(zip(Sums.__struct_fields__, map(sum, columns), strict=False)))


def _figures(sums: Sums) -> Figures:
    counted = msgspec.structs.asdict(sums)
    return Figures(cost_usd=dollars(counted.pop("cost")).normalize(), **counted)


def _refused(field: str, sentence: str) -> BadInput:
    return BadInput(sentence, errors={field: [sentence]})
