"""Messages, by what they are about."""

from __future__ import annotations

from app.schemas.extraction.base import Extracted
from app.schemas.extraction.fields import choice, confidence, texts

_INTENTS = (
    "question",
    "request",
    "order",
    "complaint",
    "cancellation",
    "feedback",
    "spam",
    "other",
)


class Classification(Extracted):
    """What a message is. Write null where the text does not let you tell; never guess."""

    name = "classification"

    intent = choice("what the writer wants", _INTENTS)
    sentiment = choice("how the writer feels", ("positive", "neutral", "negative", "mixed"))
    urgency = choice("how soon somebody has to act", ("low", "normal", "high"))
    topics = texts("what it is about, in words of your own", evidence="judgement")
    confidence = confidence()
