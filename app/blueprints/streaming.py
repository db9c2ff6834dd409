"""A run as an HTTP answer: streamed, or whole."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from app.blueprints import problems
from app.blueprints.connection import direct
from app.blueprints.context import services
from app.blueprints.presence import Watch
from app.encoders import native, sse
from app.errors import Unavailable
from app.events import Done, Failure, collect
from app.runs.reader import Reader
from app.runs.run import Run

# Seconds of silence before a heartbeat: routers close what is idle for 55 to 100 (field practice).
_IDLE = 10.0


def streamed(run: Run, after: int = 0) -> Response:
    """The run's events from number `after` + 1 on, and those that follow."""
    reader, open_streams = Reader(run, after), services().metrics.open_streams
    open_streams.inc()
    watch = Watch(request.environ, reader.close)
    connection = direct(request.environ)
    stream = sse.EventStream(native.encode, after, connection)
    body = stream.frames(reader.follow(_IDLE, stream if connection else None), reader.take())
    response = Response(body, content_type=sse.MEDIA_TYPE, headers=sse.HEADERS)
    # Who may answer is not always known at once, and with it `start`; how to stop it is.
    response.headers["X-Run-ID"] = run.id

    @response.call_on_close
    def closed() -> None:
        watch.close()
        reader.close()
        open_streams.dec()

    return response


def whole(run: Run) -> Response | dict[str, Any]:
    """The same events folded into one answer, once the run has ended."""
    wait(run)
    return _folded(run)


def wait(run: Run) -> None:
    """Return when the run has ended. Raises Unavailable: the caller has left before."""
    reader = Reader(run)
    watch = Watch(request.environ, reader.close)
    try:
        for _ in reader.follow():
            pass
    finally:
        watch.close()
        reader.close()
    if not run.ended:  # the caller has gone, and nobody reads this
        raise Unavailable("The caller has left.")


def _folded(run: Run) -> Response | dict[str, Any]:
    answer = collect(run.events)
    start, end = answer.start, answer.end
    if isinstance(end, Failure):
        return problems.answer(end.problem)
    assert start is not None
    assert isinstance(end, Done)
    return {
        "run_id": start.run_id,
        "conversation_id": start.conversation_id,
        "message": {"id": start.message_id, "role": "assistant", "content": answer.text},
        "model": start.model,
        "truncated_turns": start.truncated_turns,
        **native.done(end),
    }
