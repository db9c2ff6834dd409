"""`flask evaluate`: a set of prompts, asked of models, and a report of what they made of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import msgspec
from flask.cli import with_appcontext

from app import logs
from app.accounts import Account
from app.cli.context import services, working
from app.errors import ParleyError
from app.services.evaluation.answers import Answers, due
from app.services.evaluation.page import page
from app.services.evaluation.questions import Question, Set, questions, read
from app.services.evaluation.report import Report, report
from app.services.evaluation.work import Work

# Whoever has a shell on this machine is the owner of what is kept without a key.
_ACCOUNT = Account(owner="local")
_GOODBYE = 5.0  # seconds for calls under way to be ended and booked
_SHOWN = 20  # sentences


@click.command("evaluate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--model", "models", multiple=True, help="provider/name or an alias; may be repeated."
)
@click.option("--repeat", type=click.IntRange(1, 100), help="How often each is asked.")
@click.option("--parallel", type=click.IntRange(1, 32), default=4, help="Questions at once.")
@click.option("--budget-usd", type=Decimal, help="US dollars that this run may spend at most.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where OUT.html, OUT.json and OUT.jsonl go; default: the name of FILE, here.",
)
@with_appcontext
def command(
    file: Path,
    models: Sequence[str],
    repeat: int | None,
    parallel: int,
    budget_usd: Decimal | None,
    out: Path | None,
) -> None:
    """Ask what FILE says, of every model and in every variant, and write a report.

    Answers are kept in OUT.jsonl as they come: after an interruption, or with more money, the same
    command goes on. What failed is asked again.
    """
    logs.configure("ERROR")  # between the steps of a progress bar the log has no business
    out = out or Path(file.stem)
    try:
        asked = read(file.read_bytes())
        several = questions(asked, _models(models or asked.models), repeat or asked.repeat)
        _carry_out(asked, several, out, parallel, budget_usd)
    except ParleyError as error:
        raise click.ClickException(error.detail) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}.") from error


def _models(named: Sequence[str]) -> Sequence[str]:
    """Raises UnknownModel at once, before there is half a report."""
    for name in named:
        services().models.resolve(name)
    return named or [services().models.default().id]


def _carry_out(
    asked: Set, several: Sequence[Question], out: Path, parallel: int, budget_usd: Decimal | None
) -> None:
    with closing(Answers(out.with_name(f"{out.name}.jsonl"))) as answers:
        left = [question for question in several if due(answers.known, question.digest)]
        with _bar(len(left)) as bar:
            work = Work(
                working().completions,
                _ACCOUNT,
                asked,
                answers,
                budget_usd,
                lambda answer: bar.update(1),
            )
            with _interruptible(work) as interrupted:
                work.run(left, parallel)
        if interrupted:
            services().live.drain(_GOODBYE)
        made = report(asked, several, answers.known, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    _write(made, out)
    _tell(made, out, known=len(several) - len(left))
    if interrupted:
        raise click.exceptions.Exit(130)
    if work.over is not None:
        click.echo(f"{work.over.detail} The same command goes on with what is missing.", err=True)
    if made.missing or any(figures.failed for figures in made.models.values()):
        raise click.exceptions.Exit(1)


@contextmanager
def _interruptible(work: Work) -> Iterator[list[int]]:
    """Ctrl-C lets an answer that is being written be finished. The list says whether one came."""
    came: list[int] = []

    def stop(number: int, _frame: object) -> None:
        came.append(number)
        work.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(made: Report, out: Path) -> None:
    """Whole or not at all: a report of an earlier go stays until the new one is there."""
    encoded = msgspec.json.format(msgspec.json.encode(made), indent=2)
    for ending, content in (("json", encoded + b"\n"), ("html", page(made).encode())):
        beside = out.with_name(f".{out.name}.{ending}.new")
        beside.write_bytes(content)
        beside.replace(out.with_name(f"{out.name}.{ending}"))


def _tell(made: Report, out: Path, known: int) -> None:
    for name, figures in made.models.items():
        cost = "price unknown" if figures.cost_usd is None else f"{figures.cost_usd:.4f} US dollars"
        right = "" if figures.right is None else f"{figures.right:.0%} right, "
        click.echo(
            f"{name}: {figures.answers} answers, {figures.failed} failed, {right}"
            f"{figures.refused or 0:.0%} refused, {cost}.",
            err=True,
        )
    said = [f"{case.id}, {case.model}: {x}" for case in made.cases for x in case.differences]
    for sentence in said[:_SHOWN]:
        click.echo(f"  {sentence}", err=True)
    before = f", {known} of its answers were there before" if known else ""
    click.echo(f"The report is in {out}.html and {out}.json{before}.", err=True)


def _bar(length: int) -> Any:
    return click.progressbar(
        length=length, label="Asking", file=sys.stderr, show_pos=True, hidden=not length
    )
