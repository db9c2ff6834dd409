"""The wiring: which use case works on what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from app.accounts import Limits
from app.cluster.connection import Connection, RedisAway
from app.cluster.shelf import Shelf
from app.config import Config
from app.ids import new_id
from app.metering.budgets import Budgets, installation
from app.metering.ledger import Ledger
from app.metering.limits import Gate
from app.metering.prices import Prices
from app.metering.shared_windows import SharedCounters
from app.metering.windows import MemoryCounters
from app.metrics import Metrics
from app.providers.base import Breakers, Provider
from app.runs.registry import House
from app.runs.registry import Runs as Live
from app.runs.sharing import Sharing
from app.services import Services
from app.services.answers import Answers
from app.services.attempts import RetryBudget
from app.services.batches.starting import Batches
from app.services.chat import Chat
from app.services.composing import Composer
from app.services.conversations import Conversations
from app.services.digests import Digests
from app.services.endings import Endings
from app.services.extraction.extraction import Extraction
from app.services.extraction.named import Registered
from app.services.fetching import Fetcher
from app.services.generation import Degraded
from app.services.identity import Identity
from app.services.images import Images
from app.services.keys import Keys
from app.services.marks import Marks
from app.services.models import Models
from app.services.orphans import Orphans
from app.services.prompts import Prompts
from app.services.quotes import Quotes
from app.services.readiness import Readiness
from app.services.runs import Runs
from app.services.teams import Teams
from app.services.throttle import SharedThrottle
from app.services.titles import Titles
from app.services.usage import Usage
from app.storage.database import Database
from app.storage.spool import Spool, folder_of
from app.templating.catalogue import Catalogue
from app.webhooks import Webhook


def assemble(
    config: Config,
    database: Database,
    providers: dict[str, Provider],
    breakers: Breakers,
    schemas: Mapping[str, Registered],
    redis: Connection | None = None,
    *,
    catalogue: Catalogue,
) -> Services:
    """Wire the use cases to what they work on."""
    process = new_id("proc")
    metrics = Metrics()
    metrics.show_circuits(breakers.states)
    models = Models(providers, config.chat_model, config.fallback_models, config.model_aliases)
    live = Live(House(open_runs=config.max_open_runs, kept_seconds=config.replay_seconds))
    sharing = _sharing(config, redis, process, live) if redis else None
    if redis is not None:
        metrics.show_redis(lambda: redis.up)
    known = Runs(database, live, process, sharing.mirrors if sharing else None)
    handover = Webhook(config.webhook_url, config.webhook_secret)
    budget = RetryBudget(config.max_upstream_calls, config.max_retry_wait)
    answers = Answers(config.cache_seconds, shelf=Shelf(redis, "answer") if redis else None)
    own = installation(
        request=config.budget_request_usd,
        day=config.budget_day_usd,
        month=config.budget_month_usd,
    )
    budgets = Budgets(own, config.budget_time_zone)
    prices = Prices(config.model_prices)
    ledger = Ledger(
        database,
        budgets,
        metrics,
        handover,
        config.lease_seconds,
        prices,
        process,
        longest=config.run_timeout + 60,
    )
    endings = Endings(database, ledger, Spool(_spool_folder(config)))
    shared = _counters(config, redis, process) if redis else None
    gate = Gate(shared or MemoryCounters(), *_limits(config))
    images = Images(config.max_image_bytes, Fetcher())
    composer = Composer(
        breakers, budget, answers, ledger, database, metrics, config.run_timeout, endings
    )
    mark = Marks(database)
    titles = Titles(database, models, composer, catalogue.find("title"), mark, config.title_model)
    chat = Chat(
        database,
        models,
        live,
        known,
        images,
        composer,
        metrics,
        Degraded(config.degraded_message, handover),
        most_bytes=config.max_output_bytes,
        grace=config.reader_grace,
        gate=gate,
        process=process,
        on_answer=titles.after,
    )
    digests = Digests(database, config.secret_key)
    identity = Identity(
        database,
        digests,
        config.admin_key,
        is_open=config.open,
        throttle=SharedThrottle(redis) if redis else None,
        bus=sharing.bus if sharing else None,
    )
    extraction = Extraction(
        schemas,
        models,
        live,
        composer,
        gate,
        most_bytes=config.max_output_bytes,
        grace=config.reader_grace,
    )
    return Services(
        config=config,
        database=database,
        providers=providers,
        breakers=breakers,
        handover=handover,
        prices=prices,
        ledger=ledger,
        endings=endings,
        gate=gate,
        metrics=metrics,
        live=live,
        runs=known,
        models=models,
        chat=chat,
        prompts=Prompts(catalogue, mark, chat),
        titles=titles,
        extraction=extraction,
        batches=Batches(extraction),
        quotes=Quotes(database, models, images, prices),
        conversations=Conversations(database, _stop_all(live, sharing)),
        usage=Usage(database, config.budget_time_zone),
        readiness=Readiness(database, live, redis if config.redis_required else None),
        identity=identity,
        keys=Keys(database, digests, identity.forget),
        teams=Teams(database, identity.forget),
        sharing=sharing,
        counters=shared,
        orphans=Orphans(database, ledger, sharing.logs) if sharing else None,
    )


def _counters(config: Config, redis: Connection, process: str) -> SharedCounters:
    return SharedCounters(redis, process, refuse=config.limits_without_redis == "refuse")


def _sharing(config: Config, redis: Connection, process: str, live: Live) -> Sharing:
    if config.redis_required:
        live.refuse_while(lambda: None if redis.up else RedisAway())
    # A run lasts as long as it may, and its end takes a moment.
    return Sharing(redis, process, live, config.run_timeout + 60, config.replay_seconds)


def _stop_all(live: Live, sharing: Sharing | None) -> Callable[[str], None]:
    """Of a conversation that is deleted, stop what runs in it, wherever it runs."""

    def stop(conversation_id: str) -> None:
        live.stop_all(conversation_id)
        if sharing is not None:
            sharing.stop_all(conversation_id)

    return stop


def _spool_folder(config: Config) -> Path:
    return Path(config.spool_dir) if config.spool_dir else folder_of(config.database_url)


def _limits(config: Config) -> tuple[Limits, Limits]:
    """Of a team, and of the whole installation."""
    team = Limits(
        requests_per_minute=config.limit_team_requests_per_minute,
        tokens_per_minute=config.limit_team_tokens_per_minute,
        streams=config.limit_team_streams,
    )
    installation = Limits(
        requests_per_minute=config.limit_requests_per_minute,
        tokens_per_minute=config.limit_tokens_per_minute,
        streams=config.limit_streams,
    )
    return team, installation
