"""`flask extract`: typed data from files, as JSON Lines or CSV, in as many goes as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import with_appcontext

from app import logs
from app.cli.context import services
from app.cli.extracting import ACCOUNT, Job, Task
from app.cli.named import schema_of
from app.cli.texts import names
from app.errors import ParleyError
from app.schemas.base import loaded
from app.schemas.extract_batch import HowAllBody
from app.services.batches.batch import AT_ONCE
from app.services.extraction.request import Request

_SHOWN = 20  # documents that are named, of those that failed


@click.command("extract")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@click.option("--schema", required=True, help="A registered schema, or a file of JSON Schema.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Ends in .jsonl or .csv. A result that it has already is not asked for again.",
)
@click.option("--model", help="provider/name; default: the server's.")
@click.option("--locale", help="How numbers and dates are meant, as de-DE.")
@click.option("--budget-usd", help="US dollars that this run may spend at most.")
@click.option("--max-attempts", type=int, help="Questions to the model for a document, if need be.")
@click.option("--max-output-tokens", type=int, help="Of one answer, at most.")
@click.option("--parallel", type=click.IntRange(1, 32), default=AT_ONCE, help="Documents at once.")
@with_appcontext
def command(
    files: Sequence[str], schema: str, out: Path, parallel: int, **settings: int | str | None
) -> None:
    """Extract data from text files in UTF-8; - is standard input.

    After an interruption the same command goes on. What failed or was skipped is asked again.
    """
    logs.configure("ERROR")  # between the steps of a progress bar the log has no business
    try:
        job = Job(_task(schema, settings, parallel), out, names(files))
        with job:
            job.run()
    except ParleyError as error:
        raise click.ClickException(_told(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}.") from error
    _report(job, out)


def _task(schema: str, settings: dict[str, int | str | None], parallel: int) -> Task:
    given = loaded(HowAllBody(), {**settings, "schema": schema_of(schema)})
    budget = given.pop("budget_usd", None)
    request = Request.of({**given, "text": ""})
    services().batches.check(ACCOUNT, request)
    return Task(request, budget, parallel)


def _told(error: ParleyError) -> str:
    fields = [f"{name}: {' '.join(said)}" for name, said in (error.errors or {}).items()]
    return " ".join(fields or [error.detail])


def _report(job: Job, out: Path) -> None:
    """What came of it, on stderr, and in the exit status."""
    for name, sentence in job.failures[:_SHOWN]:
        click.echo(f"{name}: {sentence}", err=True)
    if len(job.failures) > _SHOWN:
        click.echo(f"… and {len(job.failures) - _SHOWN} more; {out} has them all.", err=True)
    totals, cost = job.totals, job.totals.cost_usd
    click.echo(
        f"{totals.ok} extracted, {totals.failed} failed, {totals.skipped} skipped, "
        f"{job.known} were in {out} before; "
        + ("the price is not known." if cost is None else f"{cost.normalize():f} US dollars."),
        err=True,
    )
    if job.interrupted:
        click.echo(f"Interrupted. The same command goes on with what {out} lacks.", err=True)
        raise click.exceptions.Exit(130)
    if totals.skipped:
        click.echo(f"{job.reason} The same command goes on with what was skipped.", err=True)
    if totals.failed or totals.skipped:
        raise click.exceptions.Exit(1)
