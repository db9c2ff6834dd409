"""A run as a trace tells it: from its start to its one end, however that comes."""

from __future__ import annotations

from collections.abc import Callable

from app import tracing
from app.events import Done, Failure
from app.runs.run import Run
from app.tracing import Kind, Value


def traced(run: Run, generate: Callable[[], None]) -> Callable[[], None]:
    """`generate`, in a span below that of who starts the run; itself where nothing is traced."""
    parent = tracing.current()
    if parent is None:
        return generate
    told: dict[str, Value] = {"parley.run.id": run.id}
    if run.conversation_id:
        told["gen_ai.conversation.id"] = run.conversation_id
    span = parent.child("run", Kind.INTERNAL, **told)

    def work() -> None:
        tracing.enter(span)
        try:
            generate()
        finally:
            end = run.events[-1] if run.events else None
            if isinstance(end, Done):
                span.attributes["gen_ai.response.finish_reasons"] = (end.finish_reason,)
            span.end(end.problem.code if isinstance(end, Failure) else None)

    return work
