"""What a chat would cost."""

from __future__ import annotations

from typing import Any

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.schemas.chat import ChatBody
from app.schemas.tokens import TokensAnswer
from app.services.turns import Ask

blueprint = Blueprint("tokens", __name__, url_prefix="/api", description="Chat with memory")


@blueprint.post("/tokens")
@blueprint.arguments(ChatBody)
@blueprint.response(200, TokensAnswer)
def tokens(body: dict[str, Any]) -> dict[str, Any]:
    """Count the tokens of a message with its history, and quote what the answer may cost.

    The body is that of a chat. Nothing is stored, and no model is asked.
    """
    quote = services().quotes.quote(caller(), Ask.of(body))
    known = quote.least is not None and quote.most is not None
    return {
        "model": quote.model,
        "input_tokens": quote.input_tokens,
        "counted": quote.counted,
        "max_output_tokens": quote.max_output_tokens,
        "cost_usd": {"min": quote.least, "max": quote.most} if known else None,
    }
