"""The wiring: which use case works on what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from app.cluster.connection import Connection, RedisAway
from app.cluster.shelf import Shelf
from app.config import Config
from app.filtering import rules as filters
from app.ids import new_id
from app.metering.configured import budgets
from app.metering.configured import gate as gate_of
from app.metering.ledger import Ledger
from app.metering.prices import Prices
from app.metering.shared_windows import SharedCounters
from app.metering.windows import MemoryCounters
from app.metrics import Metrics
from app.providers.base import Breakers, Provider
from app.runs.registry import House
from app.runs.registry import Runs as Live
from app.runs.sharing import Sharing
from app.services import Services
from app.services.agents.agent import Agents
from app.services.agents.approvals import Approvals
from app.services.agents.limits import Limits as AgentLimits
from app.services.agents.making import House as AgentHouse
from app.services.agents.making import Making
from app.services.agents.means import Surroundings
from app.services.agents.resuming import Resuming
from app.services.answers import Answers
from app.services.attempts import RetryBudget
from app.services.batches.starting import Batches
from app.services.chat import Chat
from app.services.completions.completions import Completions
from app.services.composing import Composer
from app.services.consent import Terms
from app.services.conversations import Conversations
from app.services.dashboard import Dashboard
from app.services.embeddings import Embeddings
from app.services.endings import Endings
from app.services.entrance import entrance
from app.services.extraction.extraction import Extraction
from app.services.extraction.named import Registered
from app.services.fetching import Fetcher
from app.services.generation import Degraded
from app.services.images import Images
from app.services.marks import Marks
from app.services.models import Models
from app.services.named_chats import NamedChats
from app.services.orphans import Orphans
from app.services.premises import Premises
from app.services.prompts import Prompts
from app.services.quotes import Quotes
from app.services.readiness import Readiness
from app.services.runs import Runs
from app.services.safeguards import guarded, moderated
from app.services.scenes import Scenes
from app.services.signing import KeySet
from app.services.sockets import Sockets
from app.services.teams import Teams
from app.services.titles import Titles
from app.services.usage import Usage
from app.services.watching import counted, show, watching_of
from app.storage.database import Database
from app.storage.spool import Spool, folder_of
from app.templating.catalogue import Catalogue
from app.tools.toolbox import Toolbox
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
    toolbox: Toolbox,
    key_set: KeySet | None = None,
    rules: filters.Rules = filters.NONE,
    terms: Terms | None = None,
) -> Services:
    """Wire the use cases to what they work on."""
    process = new_id("proc")
    metrics = Metrics(
        lambda model: model == config.title_model or models.configured(model),
        config.prometheus_multiproc_dir,
    )
    moderation, providers = moderated(rules, metrics, providers)
    models = Models(providers, config.chat_model, config.fallback_models, config.model_aliases)
    live = Live(House(open_runs=config.max_open_runs, kept_seconds=config.replay_seconds))
    sharing = _sharing(config, redis, process, live) if redis else None
    known = Runs(database, live, process, sharing.mirrors if sharing else None)
    handover = Webhook(config.webhook_url, config.webhook_secret)
    budget = RetryBudget(config.max_upstream_calls, config.max_retry_wait)
    answers = Answers(config.cache_seconds, shelf=Shelf(redis, "answer") if redis else None)
    prices = Prices(config.model_prices)
    ledger = Ledger(
        database,
        budgets(config),
        metrics,
        handover,
        config.lease_seconds,
        prices,
        process,
        longest=config.run_timeout + 60,
    )
    endings = Endings(database, ledger, Spool(_spool_folder(config)))
    shared = _counters(config, redis, process) if redis else None
    gate = gate_of(config, shared or MemoryCounters(), counted(metrics))
    images = Images(config.max_image_bytes, Fetcher())
    seconds = config.run_timeout
    composer = Composer(
        breakers, budget, answers, ledger, database, metrics, seconds, endings, moderation
    )
    mark = Marks(database)
    titles = Titles(database, models, composer, catalogue.find("title"), mark, config.title_model)
    premises = Premises(
        models, live, images, composer, gate, config.max_output_bytes, config.reader_grace
    )
    degraded = Degraded(config.degraded_message, handover)
    chat = Chat(database, premises, known, degraded, process=process, on_answer=titles.after)
    completions = Completions(premises, Degraded(None, handover), chat)
    bus = sharing.bus if sharing else None
    door = entrance(config, database, redis, bus, key_set)
    extraction = Extraction(schemas, premises)
    show(metrics, breakers, live, database, redis)
    scenes = Scenes(database, Fetcher(http=80))
    around = Surroundings(
        composer=composer, scenes=scenes, mark=mark, most_bytes=config.max_output_bytes
    )
    house = _agent_house(config, process)
    making = Making(database, live, around, gate, house, titles.after)
    resuming = Resuming(making, models, toolbox, _forgetting(sharing))
    known.on_stop(resuming.stop)
    agents = Agents(making, models, live, known, images, toolbox)
    approvals = Approvals(database, known, toolbox, resuming)
    return Services(
        config=config,
        watching=watching_of(config, database, metrics, handover, redis),
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
        sockets=Sockets(),
        runs=known,
        models=models,
        chat=chat,
        completions=completions,
        embeddings=Embeddings(premises),
        named_chats=NamedChats(
            database,
            chat,
            agents,
            approvals,
            known,
            grace=config.reader_grace,
            longest=config.run_timeout,
        ),
        tools=toolbox,
        scenes=scenes,
        prompts=Prompts(catalogue, mark, chat, extraction),
        titles=titles,
        extraction=extraction,
        agents=agents,
        approvals=approvals,
        batches=Batches(extraction),
        quotes=Quotes(database, models, images, prices),
        conversations=Conversations(database, _stop_all(live, sharing)),
        safeguards=guarded(config, database, live, answers, terms, sharing, redis),
        usage=Usage(database, config.budget_time_zone),
        readiness=Readiness(database, live, redis if config.redis_required else None),
        identity=door.identity,
        sessions=door.sessions,
        keys=door.keys,
        dashboard=Dashboard(
            database,
            live,
            known,
            door.keys,
            gate,
            breakers,
            sharing.mirrors if sharing else None,
            config.budget_time_zone,
        ),
        teams=Teams(database, door.identity.forget),
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


def _agent_house(config: Config, process: str) -> AgentHouse:
    limits = AgentLimits(
        steps=config.agent_max_steps,
        tool_calls=config.agent_max_tool_calls,
        errors=config.agent_max_tool_errors,
        tokens=config.agent_max_tokens,
        cost_usd=config.agent_max_cost_usd or AgentLimits.cost_usd,
        # A shared log, and the lease of a call, last as long as a run may.
        seconds=min(config.agent_timeout, config.run_timeout),
    )
    return AgentHouse(
        limits=limits,
        priced=config.agent_max_cost_usd is not None,
        wait=config.agent_approval_seconds,
        grace=config.reader_grace,
        process=process,
    )


def _forgetting(sharing: Sharing | None) -> Callable[[str], None]:
    """Of a run that goes on, what Redis has of it; if it is away, that is out of reach anyhow."""

    def forget(run_id: str) -> None:
        if sharing is not None:
            with suppress(RedisAway):
                sharing.logs.forget(run_id)

    return forget


def _stop_all(live: Live, sharing: Sharing | None) -> Callable[[str], None]:
    """Of a conversation that is deleted, stop what runs in it, wherever it runs."""

    def stop(conversation_id: str) -> None:
        live.stop_all(conversation_id)
        if sharing is not None:
            sharing.stop_all(conversation_id)

    return stop


def _spool_folder(config: Config) -> Path:
    return Path(config.spool_dir) if config.spool_dir else folder_of(config.database_url)
