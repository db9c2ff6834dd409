"""Parley: the AI backend between a browser and the model providers."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from app import cli, logs
from app.blueprints import (
    admin,
    chat,
    context,
    conversations,
    docs,
    extraction,
    extraction_batch,
    guards,
    health,
    limits,
    models,
    problems,
    prompts,
    requests,
    runs,
    tokens,
    usage,
    web,
)
from app.cluster.connection import Connection
from app.config import Config
from app.providers import registry
from app.providers.breaker import MemoryBreakers
from app.providers.circuits import SharedCircuits
from app.schemas.base import ProblemSchema
from app.schemas.extraction import registry as extraction_schemas
from app.services.assembly import assemble
from app.storage.database import connect
from app.storage.migrate import migrate
from app.templating.catalogue import read

_DESCRIPTION = "The AI backend between a browser and the model providers."

__all__ = ["Config", "create_app"]


class _Api(Api):  # type: ignore[misc]  # smorest has no types
    ERROR_SCHEMA = ProblemSchema


def create_app(config: Config | None = None) -> Flask:
    """Make the application. Without a `config` the environment is read.

    Raises:
        ConfigError: the environment holds bad values, or a prompt is not right; it lists them all.
    """
    config = config or Config.from_env()
    logs.configure(config.log_level)
    catalogue = read(config.prompts_dir, config.models)
    database = connect(config.database_url)
    if database.engine.dialect.name == "sqlite":
        migrate(database)

    app = Flask(__name__, static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_body_bytes,
        API_TITLE="Parley",
        API_VERSION="0.1.0",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": _DESCRIPTION}},
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    breakers, redis = MemoryBreakers(), _redis(config)
    providers, schemas = registry.build(config), extraction_schemas.find()
    services = assemble(config, database, providers, breakers, schemas, redis, catalogue=catalogue)
    if redis is not None and services.sharing is not None:
        breakers.share(SharedCircuits(redis, services.sharing.bus))
    app.extensions[context.EXTENSION] = services
    requests.install(app)
    guards.install(app)
    limits.install(app)
    api = _Api(app)
    extractions = (extraction, extraction_batch)
    for room in (
        chat,
        prompts,
        *extractions,
        tokens,
        conversations,
        runs,
        models,
        usage,
        admin,
        health,
    ):
        api.register_blueprint(room.blueprint)
    app.register_blueprint(web.blueprint)
    app.register_blueprint(docs.blueprint)
    problems.install(app)
    cli.install(app)
    return app


def _redis(config: Config) -> Connection | None:
    if config.redis_url is None:
        return None
    return Connection(
        config.redis_url,
        config.redis_prefix,
        verify=config.redis_tls_verify,
        certificates=config.certificates,
    )
