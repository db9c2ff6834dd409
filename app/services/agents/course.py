"""How far a run has come."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages import Message
from app.services.agents.item import Item
from app.services.agents.step import Round


@dataclass
class Course:
    """What was `said` since the user's message, the round that it is in, and the calls of that."""

    said: list[Message]
    round: Round
    items: list[Item]
