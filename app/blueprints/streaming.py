"""A run as an HTTP answer: streamed, or whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from flask import Response

from app.blueprints import problems
from app.blueprints.connection import direct
from app.blueprints.context import asked, services
from app.blueprints.presence import Watch
from app.blueprints.stream import Stream
from app.encoders import native, sse
from app.errors import Unavailable
from app.events import Began, Done, Event, Failure, Start, UsageReport, collect
from app.metrics import Metrics
from app.runs.reader import Reader
from app.runs.run import Run

Encode = Callable[[int, Event], str]
Framing = Callable[[sse.Connection | None], sse.EventStream]

_OPENERS = (Start, Began)
_SILENT = (Start, Began, UsageReport, Failure)

# Seconds of silence before a heartbeat: routers close what is idle for 55 to 100 (field practice).
_IDLE = 10.0


# Seconds that other APIs' clients wait for a status, which tells them more than an error in a
# stream does. Routers wait for 30 (Heroku).
_OPENING = 8.0


def streamed(run: Run, after: int = 0) -> Response:
    """The run's events from number `after` + 1 on, and those that follow."""
    return framed(run, lambda connection: sse.EventStream(native.encode, after, connection), after)


def framed(run: Run, framing: Framing, after: int = 0) -> Response:
    """The same in another form."""
    reader = Reader(run, after)
    return _response(run, reader, Watch(asked().environ, reader.close), framing)


def opened(run: Run, encode: Encode) -> Response:
    """The run as another API's stream. What fails before its first word is an error with a status,
    for which the answer waits a while.
    """
    reader = Reader(run)
    watch = Watch(asked().environ, reader.close)
    try:
        ready = _opening(reader)
    except BaseException:
        watch.close()
        reader.close()
        raise
    if ready and isinstance(ready[-1], Failure) and all(isinstance(e, _SILENT) for e in ready):
        watch.close()
        reader.close()
        return problems.answer(ready[-1].problem)
    return _response(run, reader, watch, partial(sse.EventStream, encode, 0), ready)


def _opening(reader: Reader) -> Sequence[Event]:
    """Up to the first word, the end, or the end of patience."""
    ready: list[Event] = []
    with closing(reader.follow(_OPENING)) as batches:  # type: ignore[type-var]  # a generator
        for batch in batches:
            ready += batch
            if not batch or not isinstance(batch[-1], _OPENERS):
                break
    return ready


def _response(
    run: Run,
    reader: Reader,
    watch: Watch,
    framing: Framing,
    ready: Sequence[Event] = (),
) -> Response:
    metrics = services().metrics
    metrics.open_streams.inc()
    connection = direct(asked().environ)
    stream = framing(connection)
    batches = reader.follow(_IDLE, stream if connection else None)
    body = stream.frames(batches, [*ready, *reader.take()])
    response = Stream(body, content_type=sse.MEDIA_TYPE, headers=sse.HEADERS)
    # Who may answer is not always known at once, and with it `start`; how to stop it is.
    response.headers["X-Run-ID"] = run.id

    response.call_on_close(partial(_closed, watch, reader, metrics))
    return response


def _closed(watch: Watch, reader: Reader, metrics: Metrics) -> None:
    watch.close()
    reader.close()
    metrics.open_streams.dec()


def whole(run: Run) -> Response | dict[str, Any]:
    """The same events folded into one answer, once the run has ended."""
    wait(run)
    return _folded(run)


def wait(run: Run) -> None:
    """Return when the run has ended. Raises Unavailable: the caller has left before."""
    reader = Reader(run)
    watch = Watch(asked().environ, reader.close)
    try:
        for _ in reader.follow():
            pass
    finally:
        watch.close()
        reader.close()
    if not run.ended:  # the caller has gone, and nobody reads this
        raise Unavailable("The caller has left.")


def data(run: Run) -> Response:
    """What an extraction came to, once it has ended."""
    wait(run)
    end = run.events[-1]
    if isinstance(end, Failure):
        return problems.answer(end.problem)
    assert isinstance(end, Done)
    return Response(native.exact.encode(end.result), content_type="application/json")


def _folded(run: Run) -> Response | dict[str, Any]:
    answer = collect(run.events)
    begun, end = run.events[0], answer.end
    if isinstance(end, Failure):
        return problems.answer(end.problem)
    assert isinstance(begun, (Start, Began))
    assert isinstance(end, Done)
    # What is not kept has no place in a conversation.
    kept = begun if isinstance(begun, Start) else None
    return {
        "run_id": begun.run_id,
        "conversation_id": kept and kept.conversation_id,
        "message": {
            "id": kept and kept.message_id,
            "role": "assistant",
            "content": answer.text,
        },
        "model": begun.model,
        "truncated_turns": kept.truncated_turns if kept else 0,
        **native.done(end),
    }
