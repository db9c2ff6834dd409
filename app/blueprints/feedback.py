"""What people say of answers."""

from __future__ import annotations

from typing import Any

from app.blueprints.bodies import Blueprint
from app.blueprints.context import caller, services
from app.schemas.feedback import FeedbackBody, FeedbackListSchema, FeedbackQuery, FeedbackSchema

blueprint = Blueprint(
    "feedback", __name__, url_prefix="/api/feedback", description="What people say of answers"
)


@blueprint.post("")
@blueprint.arguments(FeedbackBody)
@blueprint.response(200, FeedbackSchema)
def give(body: dict[str, Any]) -> object:
    """Say of one of your answers whether it was good. Said again, it takes the earlier's place."""
    said = services().safeguards.feedback
    return said.give(caller(), body["message_id"], body["rating"], body["comment"])


@blueprint.get("")
@blueprint.arguments(FeedbackQuery, location="query")
@blueprint.response(200, FeedbackListSchema)
def of(query: dict[str, Any]) -> dict[str, Any]:
    """List what you have said of a conversation's answers."""
    return {"feedback": services().safeguards.feedback.of(caller(), query["conversation_id"])}


@blueprint.delete("/<message_id>")
@blueprint.response(204)
def take_back(message_id: str) -> None:
    """Take back what you have said of an answer; what is not there is gone already."""
    services().safeguards.feedback.take_back(caller(), message_id)
