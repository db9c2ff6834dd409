"""`flask ask`: a question and its answer, as it comes."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app import logs
from app.accounts import Account
from app.cli.context import working
from app.errors import ParleyError
from app.events import Event, Failure, Start, TextDelta
from app.runs.reader import Reader
from app.services.turns import Ask

# Whoever has a shell on this machine is the owner of what is kept without a key.
_ACCOUNT = Account(owner="local")


@click.command("ask")
@click.argument("message")
@click.option("--model", help="provider/name; default: the server's.")
@click.option("--conversation", help="Go on with this conversation.")
@click.option("--system", help="The system prompt.")
@with_appcontext
def command(message: str, model: str | None, conversation: str | None, system: str | None) -> None:
    """Ask a model; the answer appears as it comes."""
    logs.configure("WARNING")  # between the words of an answer the log has no business
    try:
        run = working().chat.ask(
            _ACCOUNT,
            Ask(message=message, model=model, conversation_id=conversation, system=system),
        )
        reader = Reader(run)
        try:
            for batch in reader.follow():
                for event in batch:
                    _show(event)
        finally:
            reader.close()
            click.echo()
    except ParleyError as error:
        raise click.ClickException(error.detail) from error


def _show(event: Event) -> None:
    match event:
        case TextDelta():
            click.echo(event.text, nl=False)
        case Start():
            click.echo(f"{event.model} · --conversation {event.conversation_id}", err=True)
        case Failure():
            raise click.ClickException(event.problem.detail)
        case _:
            pass
