"""`flask agent`: something that takes tools, with each step as it happens."""

from __future__ import annotations

import click
import msgspec
from flask.cli import with_appcontext

from app import logs
from app.accounts import Account
from app.cli.context import services, working
from app.errors import BadInput, ParleyError
from app.events import AgentStep, Decision, Done, Event, Failure, Start, TextDelta, ToolCall
from app.runs.reader import Reader
from app.runs.run import Run
from app.schemas.agents import AgentBody
from app.schemas.base import loaded
from app.services.agents.item import Item
from app.services.agents.task import Task

# Whoever has a shell on this machine is the owner of what is kept without a key.
_ACCOUNT = Account(owner="local")
_DECISIONS: dict[str, Decision] = {"y": "approve", "e": "edit", "n": "deny"}


@click.command("agent")
@click.argument("message")
@click.option("--tool", "tools", multiple=True, help="A tool that may be called; default: all.")
@click.option("--model", help="provider/name; default: the server's.")
@click.option("--conversation", "conversation_id", help="Go on with this conversation.")
@click.option("--system", help="The system prompt.")
@click.option("--max-steps", type=int, help="Rounds of asking and calling.")
@click.option("--max-cost-usd", help="US dollars, for all calls to models together.")
@click.option("--timeout", type=float, help="Seconds in all.")
@with_appcontext
def command(tools: tuple[str, ...], **settings: object) -> None:
    """Have a model call tools until it has an answer.

    Where a call needs approval it is asked for here.
    """
    logs.configure("ERROR")  # between the steps the log has no business
    try:
        given = {**settings, **({"tools": list(tools)} if tools else {})}
        run = working().agents.start(_ACCOUNT, Task.of(loaded(AgentBody(), given)))
        seen = _follow(run, 0)
        while run.parked:
            for item in _waiting(run):
                _decide(run, item)
            run = services().runs.open(_ACCOUNT.owner, run.id)
            seen = _follow(run, seen - 1)  # what was decided stands in the place of the waiting
    except ParleyError as error:
        fields = [f"{name}: {' '.join(said)}" for name, said in (error.errors or {}).items()]
        raise click.ClickException(" ".join(fields or [error.detail])) from error


def _follow(run: Run, after: int) -> int:
    """Show what comes until it ends, or waits. How many events there are by then."""
    reader = Reader(run, after)
    try:
        for batch in reader.follow():
            for event in batch:
                _show(event)
    finally:
        reader.close()
    return reader.position


def _show(event: Event) -> None:
    match event:
        case Start():
            click.echo(f"{event.model} · --conversation {event.conversation_id}", err=True)
        case TextDelta():
            click.echo(event.text, nl=False)
        case ToolCall():
            click.echo(f"\n→ {event.name}({event.arguments})", err=True)
        case AgentStep():
            _show_step(event)
        case Done():
            click.echo(f"\n{event.stop_reason}, {_price(event)}", err=True)
        case Failure():
            raise click.ClickException(event.problem.detail)
        case _:
            pass


def _show_step(step: AgentStep) -> None:
    for called in step.calls:
        said = called.output if called.error is None else f"! {called.error}"
        click.echo(f"← {called.name}: {said} ({called.seconds:.1f} s)", err=True)
    click.echo(f"{step.index}. {step.summary} {step.seconds:.1f} s", err=True)


def _price(end: Done) -> str:
    tokens = end.usage.input_tokens + end.usage.output_tokens
    cost = "price unknown" if end.cost_usd is None else f"{end.cost_usd.normalize():f} US dollars"
    return f"{tokens} tokens, {cost}"


def _waiting(run: Run) -> list[Item]:
    state = services().approvals.waiting(_ACCOUNT.owner, run.id)
    return list(state.waiting) if state else []


def _decide(run: Run, item: Item) -> None:
    """Ask until there is a decision that can be carried out."""
    call = item.call
    while True:
        click.echo(f"\nMay {call.name} be called with {call.arguments}?", err=True)
        said = click.prompt("yes, edit or no", type=click.Choice(["y", "e", "n"]), err=True)
        decision = _DECISIONS[said]
        try:
            arguments = _edited(call.arguments) if decision == "edit" else None
            services().approvals.decide(_ACCOUNT, run.id, call.call_id, decision, arguments)
        except BadInput as error:
            sentences = (error.errors or {}).get("arguments", [error.detail])
            click.echo(" ".join(sentences), err=True)
        else:
            return


def _edited(arguments: str) -> dict[str, object]:
    """Raises BadInput."""
    text = click.prompt("Arguments, as JSON", default=arguments, err=True)
    try:
        found = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise BadInput(f"This is not a JSON object: {error}.") from error
    return found
