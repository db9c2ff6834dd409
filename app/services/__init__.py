"""The use cases, in plain Python: no Flask, no vendor, no SQL."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Config
from app.metering.ledger import Ledger
from app.metering.limits import Gate
from app.metering.prices import Prices
from app.metering.shared_windows import SharedCounters
from app.metrics import Metrics
from app.providers.base import Breakers, Provider
from app.runs.registry import Runs as Live
from app.runs.sharing import Sharing
from app.services import retirement
from app.services.agents.agent import Agents
from app.services.agents.approvals import Approvals
from app.services.batches.starting import Batches
from app.services.chat import Chat
from app.services.completions.completions import Completions
from app.services.conversations import Conversations
from app.services.dashboard import Dashboard
from app.services.embeddings import Embeddings
from app.services.endings import Endings
from app.services.extraction.extraction import Extraction
from app.services.identity import Identity
from app.services.keys import Keys
from app.services.models import Models
from app.services.named_chats import NamedChats
from app.services.orphans import Orphans
from app.services.prompts import Prompts
from app.services.quotes import Quotes
from app.services.readiness import Readiness
from app.services.runs import Runs
from app.services.safeguards import Safeguards
from app.services.scenes import Scenes
from app.services.sessions import Sessions
from app.services.sockets import Sockets
from app.services.teams import Teams
from app.services.titles import Titles
from app.services.usage import Usage
from app.services.watching import Watching
from app.storage.database import Database
from app.tools.toolbox import Toolbox
from app.webhooks import Webhook


@dataclass(frozen=True)
class Services:
    """What one application is made of, for views and commands to call."""

    config: Config
    database: Database
    providers: dict[str, Provider]
    breakers: Breakers
    handover: Webhook
    prices: Prices
    ledger: Ledger
    endings: Endings
    gate: Gate
    metrics: Metrics
    watching: Watching
    live: Live
    sockets: Sockets
    runs: Runs
    models: Models
    chat: Chat
    completions: Completions
    embeddings: Embeddings
    named_chats: NamedChats
    prompts: Prompts
    tools: Toolbox
    scenes: Scenes
    titles: Titles
    extraction: Extraction
    agents: Agents
    approvals: Approvals
    batches: Batches
    quotes: Quotes
    conversations: Conversations
    safeguards: Safeguards
    usage: Usage
    readiness: Readiness
    identity: Identity
    sessions: Sessions
    keys: Keys
    dashboard: Dashboard
    teams: Teams
    sharing: Sharing | None
    counters: SharedCounters | None
    orphans: Orphans | None

    def start(self) -> None:
        """What a worker does besides answering: renew its leases, and look after the others."""
        self.endings.watch()
        self.approvals.watch()
        self.watching.start()
        self.safeguards.retention.watch()
        self.tools.start()
        if self.counters is not None:
            self.counters.start()
        if self.sharing is None or self.orphans is None:
            self.ledger.watch()
            return
        self.ledger.watch(self._end_of)
        self.sharing.start(self.orphans.end)
        self.runs.watch()

    def _end_of(self, process: str) -> bool:
        """End what a process has left, unless it lives. Whether it is gone."""
        assert self.sharing is not None
        assert self.orphans is not None
        if self.sharing.leases.alive(process):
            return False
        self.orphans.end(process)
        return True

    def warn_of_endings(self) -> None:
        """Log which of the models that the configuration names are gone or going."""
        retirement.warn(self.models, self.config.model_aliases)

    def shut_down(self) -> None:
        """Admit no more runs, and return when the last has ended or been ended with a word."""
        self.sockets.drain()
        self.live.drain(self.config.drain_timeout)
        if self.sharing is not None:
            self.sharing.leave()

    def close(self) -> None:
        """Let go of the database, of Redis, and of the connections to providers."""
        self.watching.close()
        self.safeguards.retention.close()
        self.runs.close()
        self.approvals.close()
        self.titles.close()
        self.tools.close()
        if self.counters is not None:
            self.counters.close()
        if self.sharing is not None:
            self.sharing.close()
        self.ledger.close()
        self.endings.close()
        self.handover.close()
        for provider in self.providers.values():
            provider.close()
        self.database.close()
