"""What the metrics and the trace are told of a call that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.events import Usage
from app.ids import now
from app.metrics import Metrics
from app.storage.calls import State, StoredCall
from app.tracing import Kind, Span


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    state: State
    usage: Usage
    cost: Decimal | None
    finish_reason: str | None = None
    code: str | None = None


def count(metrics: Metrics, call: StoredCall, ended: Ended, first_token: int | None) -> None:
    """`first_token` is when it came, if it did, in milliseconds."""
    labels = metrics.model(call.provider, call.model)
    metrics.calls.labels(*labels, ended.state).inc()
    if ended.cost is None:
        metrics.unpriced.labels(*labels).inc()
    elif ended.cost > 0:
        metrics.cost.labels(*labels).inc(float(ended.cost))
    seconds = 0.0 if first_token is None else (now() - first_token) / 1000
    if ended.state == "ok" and seconds > 0 and ended.usage.output_tokens > 0:
        metrics.pace.labels(call.provider).observe(ended.usage.output_tokens / seconds)


def begun(above: Span, call: StoredCall) -> Span:
    """The span of a call, below another, in the words of OpenTelemetry's conventions for
    generative AI.
    """
    span = above.child(f"chat {call.model}", Kind.CLIENT)
    span.attributes |= {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": call.provider,
        "gen_ai.request.model": call.model,
        "parley.run.id": call.run_id,
        "parley.attempt": call.attempt,
    }
    if call.conversation_id:
        span.attributes["gen_ai.conversation.id"] = call.conversation_id
    return span


def tell(span: Span, ended: Ended) -> None:
    """What a call came to, and its end."""
    usage, told = ended.usage, span.attributes
    told["gen_ai.usage.input_tokens"] = usage.input_tokens
    told["gen_ai.usage.output_tokens"] = usage.output_tokens
    if usage.cached_input_tokens:
        told["gen_ai.usage.cache_read.input_tokens"] = usage.cached_input_tokens
    if usage.cache_write_tokens:
        told["gen_ai.usage.cache_creation.input_tokens"] = usage.cache_write_tokens
    if ended.cost is not None:
        told["parley.cost_usd"] = float(ended.cost)
    if ended.finish_reason:
        told["gen_ai.response.finish_reasons"] = (ended.finish_reason,)
    span.end(ended.code)
