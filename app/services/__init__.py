"""The use cases, in plain Python: no Flask, no vendor, no SQL."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Config
from app.metrics import Metrics
from app.providers.base import Provider
from app.runs.registry import House
from app.runs.registry import Runs as Live
from app.services.chat import Chat
from app.services.conversations import Conversations
from app.services.generation import Limits
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
    live: Live
    runs: Runs
    models: Models
    chat: Chat
    conversations: Conversations
    readiness: Readiness

    def shut_down(self) -> None:
        """Admit no more runs, and return when the last has ended or been ended with a word."""
        self.live.drain(self.config.drain_timeout)

    def close(self) -> None:
        """Let go of the database and of the connections to providers."""
        for provider in self.providers.values():
            provider.close()
        self.database.close()


def assemble(config: Config, database: Database, providers: dict[str, Provider]) -> Services:
    """Wire the use cases to what they work on."""
    metrics, models = Metrics(), Models(providers, config.chat_model)
    live = Live(House(open_runs=config.max_open_runs, kept_seconds=config.replay_seconds))
    known = Runs(database, live)
    limits = Limits(config.run_timeout, config.max_output_bytes)
    return Services(
        config=config,
        database=database,
        providers=providers,
        metrics=metrics,
        live=live,
        runs=known,
        models=models,
        chat=Chat(database, models, live, known, metrics, limits, config.reader_grace),
        conversations=Conversations(database, live),
        readiness=Readiness(database, live),
    )
