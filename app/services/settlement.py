"""What an answer comes to at its end: its tokens, and the message that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from app.errors import Paused, ProviderError, ProviderTimeout, Unreachable
from app.events import Answer, Done, Failure, Finish, Source, Terminal, Usage
from app.ids import now
from app.messages import ImagePart, assistant
from app.metering import bounds
from app.metering.tokens import IMAGE, estimate
from app.providers.base import ModelRequest
from app.storage import runs
from app.storage.messages import StoredMessage


@dataclass
class Figures:
    """What a provider reported while it answered, and how it failed, if it did."""

    usage: Usage | None = None
    finish: Finish | None = None
    fault: ProviderError | None = None


def settled(figures: Figures, answer: Answer, request: ModelRequest) -> Usage:
    """The provider's figures; where the end of its answer is missing, ours for the output.

    A request that reached nobody, or was refused before a word was said, has cost nothing.
    """
    if figures.usage and figures.finish:
        return figures.usage
    if not (answer.text or answer.reasoning) and _cost_nothing(figures.fault):
        return Usage()
    known = figures.usage or Usage(input_tokens=_estimated_input(request))
    thought = estimate(answer.reasoning)
    return msgspec.structs.replace(
        known,
        output_tokens=max(known.output_tokens, estimate(answer.text) + thought),
        reasoning_tokens=max(known.reasoning_tokens, thought),
        estimated=True,
    )


def message(
    answer: Answer, end: Terminal, failed: Failure | None, usage: Usage, cost: Decimal | None
) -> StoredMessage:
    """The answer as it is kept. `failed` is why a canned one was given."""
    start = answer.start
    assert start is not None
    source: Source = end.source if isinstance(end, Done) else "model"
    whole = isinstance(end, Done) and end.finish_reason != "stopped" and failed is None
    return StoredMessage(
        id=start.message_id,
        parent_id=start.user_message_id,
        role="assistant",
        parts=assistant(answer.text, answer.reasoning).parts,
        status="complete" if whole else "incomplete",
        created_at=now(),
        run_id=start.run_id,
        model=start.model,
        finish_reason=end.finish_reason if isinstance(end, Done) else None,
        error=failed.problem if failed else None,
        usage=usage,
        cost_usd=cost,
        truncated_turns=start.truncated_turns,
        source=source,
    )


def state(end: Terminal) -> runs.State:
    if isinstance(end, Failure):
        return "failed"
    return "stopped" if end.finish_reason == "stopped" else "done"


def bound_of(request: ModelRequest, name: str) -> int:
    """Tokens of input, at most. `name` is the model's, `provider/model`."""
    parts = [part for message in request.messages for part in message.parts]
    pictures = sum(isinstance(part, ImagePart) for part in parts)
    written = [msgspec.json.encode(p).decode() for p in parts if not isinstance(p, ImagePart)]
    return bounds.bound(
        [*written, request.system or ""],
        messages=len(request.messages) + 1,
        images=pictures * bounds.image(name),
        tools=_forms(request),
    )


def _forms(request: ModelRequest) -> str:
    """What a vendor puts into the prompt of tools and of the form of the answer."""
    if not request.tools and request.output is None:
        return ""
    return msgspec.json.encode([request.tools, request.output]).decode()


def _cost_nothing(fault: ProviderError | None) -> bool:
    if isinstance(fault, ProviderTimeout):
        return fault.limit == "connect"
    if isinstance(fault, (Unreachable, Paused)):
        return True
    return fault is not None and fault.upstream_status is not None


def _estimated_input(request: ModelRequest) -> int:
    texts = [message.written for message in request.messages]
    pictures = sum(len(message.images) for message in request.messages)
    return sum(map(estimate, [*texts, request.system or ""])) + pictures * IMAGE
