"""The use cases, in plain Python: no Flask, no vendor, no SQL."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Config
from app.metrics import Metrics
from app.providers.base import Provider
from app.runs.registry import Runs as Live
from app.services.chat import Chat
from app.services.conversations import Conversations
from app.services.models import Models
from app.services.readiness import Readiness
from app.services.runs import Runs
from app.storage.database import Database


@dataclass(frozen=True)
class Services:
    """What one application is made of, for views and commands to call."""

    config: Config
    database: Database
    providers: dict[str, Provider]
    metrics: Metrics
    runs: Runs
    models: Models
    chat: Chat
    conversations: Conversations
    readiness: Readiness

    def close(self) -> None:
        """Let go of the database and of the connections to providers."""
        for provider in self.providers.values():
            provider.close()
        self.database.close()


def assemble(config: Config, database: Database, providers: dict[str, Provider]) -> Services:
    """Wire the use cases to what they work on."""
    metrics, live = Metrics(), Live()
    models = Models(providers, config.chat_model)
    return Services(
        config=config,
        database=database,
        providers=providers,
        metrics=metrics,
        runs=Runs(database, live),
        models=models,
        chat=Chat(database, models, live, metrics, config.run_timeout),
        conversations=Conversations(database, live),
        readiness=Readiness(database),
    )
