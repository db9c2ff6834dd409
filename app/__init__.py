"""Parley: the AI backend between a browser and the model providers."""

from __future__ import annotations

from flask import Flask

from app import cli, logs, tracing
from app.blueprints import (
    admin,
    admin_dashboard,
    agents,
    anthropic_api,
    chat,
    chat_ws,
    context,
    conversations,
    cors,
    description,
    docs,
    extraction,
    extraction_batch,
    feedback,
    guards,
    health,
    limits,
    models,
    module,
    openai_chat,
    openai_embeddings,
    openai_models,
    openai_responses,
    privacy,
    problems,
    prompts,
    requests,
    runs,
    security,
    session,
    terms,
    tokens,
    tools,
    ui_stream,
    usage,
    web,
)
from app.blueprints.application import Application
from app.cluster.connection import Connection
from app.config import Config
from app.encoders import anthropic_errors
from app.filtering import rules
from app.jwks import Jwks
from app.providers import registry
from app.providers.breaker import MemoryBreakers
from app.providers.circuits import SharedCircuits
from app.schemas.extraction import registry as extraction_schemas
from app.services.assembly import assemble
from app.services.consent import terms_of
from app.services.extraction.targets import Targets
from app.storage.database import connect
from app.storage.migrate import migrate
from app.templating.catalogue import read
from app.tools import offer

__all__ = ["Config", "create_app"]


def create_app(config: Config | None = None) -> Flask:
    """Make the application. Without a `config` the environment is read.

    Raises:
        ConfigError: the environment holds bad values, or a prompt is not right; it lists them all.
    """
    config = config or Config.from_env()
    logs.configure(config.log_level)
    tracing.start(config.otel_exporter_otlp_endpoint)
    schemas = extraction_schemas.find()
    catalogue = read(config.prompts_dir, config.models, Targets(schemas).refused)
    toolbox = offer.toolbox(config)
    filters = rules.read(config.filter_rules, moderated=bool(config.openai_api_key))
    accepted = terms_of(config)
    database = connect(config.database_url)
    if database.engine.dialect.name == "sqlite":
        migrate(database)

    app = Application(__name__)
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_bytes
    breakers, redis = MemoryBreakers(), _redis(config)
    providers = registry.build(config)
    services = assemble(
        config,
        database,
        providers,
        breakers,
        schemas,
        redis,
        catalogue=catalogue,
        toolbox=toolbox,
        key_set=_key_set(config),
        rules=filters,
        terms=accepted,
    )
    if redis is not None and services.sharing is not None:
        breakers.share(SharedCircuits(redis, services.sharing.bus))
    app.extensions[context.EXTENSION] = services
    requests.install(app)
    security.install(app)
    cors.install(app)
    guards.install(app)
    terms.install(app)
    limits.install(app)
    api = description.described(app)
    extractions = (extraction, extraction_batch)
    openai = (openai_chat, openai_responses, openai_models, openai_embeddings)
    for room in (
        chat,
        chat_ws,
        prompts,
        ui_stream,
        tools,
        *extractions,
        agents,
        tokens,
        conversations,
        runs,
        models,
        session,
        terms,
        privacy,
        feedback,
        usage,
        admin,
        admin_dashboard,
        health,
        *openai,
        anthropic_api,
    ):
        api.register_blueprint(room.blueprint)
    app.register_blueprint(web.blueprint)
    app.register_blueprint(module.blueprint)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(chat_ws.upgrades)
    forms = {"/v1/": openai_chat.FORM, "/v1/responses": openai_responses.FORM}
    problems.install(app, {**forms, "/v1/messages": anthropic_errors.form})
    cli.install(app)
    return app


def _key_set(config: Config) -> Jwks | None:
    return Jwks(config.jwt_jwks_url, config.certificates) if config.jwt_jwks_url else None


def _redis(config: Config) -> Connection | None:
    if config.redis_url is None:
        return None
    return Connection(
        config.redis_url,
        config.redis_prefix,
        verify=config.redis_tls_verify,
        certificates=config.certificates,
    )
