"""`flask usage`: what was used and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

import click
from flask.cli import with_appcontext

from app.cli.context import services
from app.errors import ParleyError
from app.services import usage_export
from app.services.usage import Asked, Report
from app.storage.usage import Group

_GROUPS: tuple[Group, ...] = get_args(Group)
_DAY = click.DateTime(["%Y-%m-%d"])


def _groups(_context: click.Context, _option: click.Parameter, value: str) -> list[Group]:
    chosen = [group for name in value.split(",") for group in _GROUPS if group == name]
    if len(set(chosen)) < len(value.split(",")):
        raise click.BadParameter(f"one or more of {', '.join(_GROUPS)}, with commas between them.")
    return chosen


@click.command("usage")
@click.option("--by", default="day", callback=_groups, help="For example day,model.")
@click.option("--from", "first", type=_DAY, help="Default: the first of the month.")
@click.option("--to", "last", type=_DAY, help="Default: today.")
@click.option("--owner", help="The calls of one owner; default: all.")
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet.")
@with_appcontext
def command(
    by: list[Group],
    first: datetime | None,
    last: datetime | None,
    owner: str | None,
    as_csv: bool,
) -> None:
    """Sum up tokens and cost, of this month where no days are given."""
    asked = Asked(by=by, first=first and first.date(), last=last and last.date(), owner=owner)
    try:
        report = services().usage.report(asked)
    except ParleyError as error:
        raise click.ClickException(error.detail) from error
    click.echo(usage_export.as_csv(report) if as_csv else _table(report), nl=False)


def _table(report: Report) -> str:
    total = usage_export.cells(("total", *[None] * (len(report.by) - 1)), report.totals)
    rows = [*usage_export.table(report), total]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(_line(row, widths, len(report.by)) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int], names: int) -> str:
    """Names to the left, numbers to the right."""
    padded = [
        cell.ljust(width) if number < names else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(padded).rstrip() + "\n"
