"""Extraction from many documents, answered line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, request

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.blueprints.guards import needs
from app.blueprints.limits import metered
from app.blueprints.presence import Watch
from app.encoders import json_lines, sse
from app.schemas.extract_batch import BatchBody, BatchLine
from app.services.batches.batch import Batch, Totals
from app.services.batches.work import Work

blueprint = Blueprint(
    "extraction_batch", __name__, url_prefix="/api", description="Typed data from texts"
)

# Seconds of silence before a heartbeat: routers close what is idle for 55 to 100 (field practice).
_IDLE = 10.0


@blueprint.post("/extract/batch")
@blueprint.arguments(BatchBody)
@blueprint.response(200, BatchLine, content_type=json_lines.MEDIA_TYPE)
@needs("extract")
@metered
def batch(body: dict[str, Any]) -> Response:
    """Extract from many documents under one budget, each answered as it finishes.

    A line of JSON for each document, in the order in which they finish: `{id, status, result}` or
    `{id, status, problem}`, where the result is that of `/api/extract`. What failed stops nothing;
    `skipped` is what the budget had no money left for. The last line is `{totals}`; without it the
    answer is not whole. Leaving ends the batch.
    """
    return _streamed(services().batches.begin(caller(), Batch.of(body)))


def _streamed(work: Work) -> Response:
    watch, open_streams = Watch(request.environ, work.stop), services().metrics.open_streams
    open_streams.inc()
    response = Response(
        json_lines.frames(_lines(work)), content_type=json_lines.MEDIA_TYPE, headers=sse.HEADERS
    )

    @response.call_on_close
    def closed() -> None:
        watch.close()
        work.stop()
        open_streams.dec()

    return response


def _lines(work: Work) -> Iterator[Any]:
    totals = Totals()
    for outcome in work.outcomes(_IDLE):
        totals = totals.adding(outcome) if outcome else totals
        yield outcome
    yield {"totals": totals}
