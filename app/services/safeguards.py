"""What stands between an installation and the public: rules, consent, privacy, feedback."""

from __future__ import annotations

from dataclasses import dataclass

from app.cluster.claims import Claims
from app.cluster.connection import Connection
from app.config import Config
from app.filtering.rules import Rules
from app.metrics import Metrics
from app.providers.base import Provider
from app.runs.registry import Runs
from app.runs.sharing import Sharing
from app.services.answers import Answers
from app.services.consent import Consent, Terms
from app.services.erasure import Erasure
from app.services.feedback import Feedback
from app.services.moderation import Moderation
from app.services.passages import over
from app.services.privacy import Privacy
from app.services.retention import Retention
from app.storage.database import Database


@dataclass(frozen=True)
class Safeguards:
    consent: Consent
    feedback: Feedback
    privacy: Privacy
    retention: Retention


def moderated(
    rules: Rules, metrics: Metrics, providers: dict[str, Provider]
) -> tuple[Moderation, dict[str, Provider]]:
    """The rules at work, and the providers with them before."""
    asks = getattr(providers.get("openai"), "moderate", None) if rules.asks_moderation else None
    moderation = Moderation(rules, metrics, asks)
    return moderation, over(providers, moderation)


def guarded(
    config: Config,
    database: Database,
    live: Runs,
    answers: Answers,
    terms: Terms | None,
    sharing: Sharing | None,
    redis: Connection | None,
) -> Safeguards:
    """Wire them to what they work on."""
    erasure, consent = Erasure(live, answers, sharing), Consent(database, terms)
    erasure.also(consent.forget)
    claims = Claims(redis) if redis else None
    return Safeguards(
        consent=consent,
        feedback=Feedback(database),
        privacy=Privacy(database, erasure),
        retention=Retention(database, config.retention_days, claims),
    )
