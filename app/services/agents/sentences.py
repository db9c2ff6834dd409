"""What is said where a limit is reached: to the model, and in the place of its answer."""

from __future__ import annotations

from collections.abc import Sequence

from app.events import StopReason
from app.messages import Message, ToolResultPart
from app.services.agents.shortening import NOTED, shortened
from app.services.agents.step import LIMITS

_SHOWN = 5  # results that stand in for an answer


def order(reason: StopReason) -> str:
    """What a model is told, so that it answers."""
    return (
        f"You have come to {LIMITS[reason]} and can call no more tools. Answer the user now, as "
        "well as can be done with what there is, and say what is missing."
    )


def canned(reason: StopReason, said: Sequence[Message]) -> str:
    """What stands in where no model gives an answer: the last results, as they are."""
    parts = [part for message in said for part in message.parts]
    results = [p.output for p in parts if isinstance(p, ToolResultPart) and not p.is_error]
    begun = f"There is no answer: the run has come to {LIMITS[reason]}."
    if not results:
        return f"{begun} No tool had returned anything by then."
    shown = (f"- {shortened(_bare(text), NOTED)}" for text in results[-_SHOWN:])
    return "\n".join([f"{begun} This is what its tools returned last:\n", *shown])


def _bare(told: str) -> str:
    """Without the lines that mark it as data."""
    lines = told.split("\n")
    marked = len(lines) > 2 and lines[0].startswith("data ") and lines[0] == lines[-1]
    return "\n".join(lines[1:-1] if marked else lines)
