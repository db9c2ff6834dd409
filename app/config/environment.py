"""The environment, read as environs reads it, into the fields of the settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from decimal import Decimal
from typing import Any

from environs import EnvError, FileAwareEnv, ValidationError
from marshmallow.validate import OneOf, Range

from app import chains, profiles, servers, tariffs
from app.config.settings import Settings
from app.config.validators import (
    database,
    folder,
    header_safe,
    long,
    prefix,
    redis,
    strong,
    there,
    time_zone,
    web_address,
)
from app.servers import CompatibleServer

_LIMITS = [
    f"limit_{whose}{what}"
    for whose in ("", "team_")
    for what in ("requests_per_minute", "tokens_per_minute", "streams")
]


class Env(FileAwareEnv):
    """environs', where an empty value (`PORT=`) means that it is not set, as in a shell, and a
    file that cannot be read is one bad value among the others.
    """

    def _get_value(self, env_key: str, default: Any) -> Any:
        try:
            value = super()._get_value(env_key, default)
        except (OSError, ValueError):
            self._errors[env_key].append(f"The file that {env_key}_FILE names cannot be read.")
            return default
        return default if value == "" else value


def sealed(env: FileAwareEnv) -> list[str]:
    """A sentence for each value that was refused."""
    try:
        env.seal()
    except EnvError as error:
        found: dict[str, list[str]] = getattr(error, "error_messages", {})
        return [f"{name}: {' '.join(said)}" for name, said in found.items()] or [str(error)]
    return []


def _default(name: str) -> Any:
    found = next(f for f in fields(Settings) if f.name == name)
    return found.default if found.default_factory is MISSING else found.default_factory()


def read(env: FileAwareEnv) -> dict[str, Any]:
    """The fields of the settings; what is refused is for `sealed` to tell."""

    def text(name: str, **kwargs: Any) -> Any:
        return env.str(name.upper(), _default(name), **kwargs)

    def number(name: str, low: float, high: float) -> Any:
        return env.float(name.upper(), _default(name), validate=Range(low, high))

    def whole(name: str, low: int, high: int) -> Any:
        return env.int(name.upper(), _default(name), validate=Range(low, high))

    def yes(name: str) -> Any:
        return env.bool(name.upper(), _default(name))

    def money(name: str) -> Any:
        return env.decimal(
            name.upper(), None, validate=Range(Decimal("0.000001"), Decimal(9_000_000))
        )

    levels = ["DEBUG", "INFO", "WARNING", "ERROR"]
    return {
        "app_env": env.str(
            "APP_ENV", "development", validate=OneOf(["development", "staging", "production"])
        ),
        "port": whole("port", 1, 65535),
        "web_concurrency": whole("web_concurrency", 1, 1024),
        "database_url": text("database_url", validate=database),
        "spool_dir": text("spool_dir"),
        "redis_url": text("redis_url", validate=redis),
        "redis_prefix": text("redis_prefix", validate=prefix),
        "redis_required": yes("redis_required"),
        "redis_tls_verify": yes("redis_tls_verify"),
        "limits_without_redis": env.str(
            "LIMITS_WITHOUT_REDIS", "local", validate=OneOf(["local", "refuse"])
        ),
        "admin_key": text("admin_key", validate=strong),
        "secret_key": text("secret_key", validate=long),
        "trusted_proxies": whole("trusted_proxies", 0, 10),
        "chat_model": text("chat_model"),
        "title_model": text("title_model"),
        "prompts_dir": text("prompts_dir", validate=folder),
        "fallback_models": _parsed(env, "FALLBACK_MODELS", chains.chain),
        "model_aliases": _parsed(env, "MODEL_ALIASES", chains.aliases),
        "model_profiles": _parsed(env, "MODEL_PROFILES", profiles.read),
        "model_prices": _parsed(env, "MODEL_PRICES", tariffs.read),
        "openai_api_key": text("openai_api_key", validate=header_safe),
        "openai_base_url": text("openai_base_url", validate=web_address),
        "anthropic_api_key": text("anthropic_api_key", validate=header_safe),
        "anthropic_base_url": text("anthropic_base_url", validate=web_address),
        "ollama_base_url": text("ollama_base_url", validate=web_address),
        "compatible": tuple(
            filter(None, (_compatible(env, name) for name in servers.names(os.environ)))
        ),
        "certificates": _certificates(env),
        "connect_timeout": number("connect_timeout", 0.05, 120),
        "first_byte_timeout": number("first_byte_timeout", 0.05, 3600),
        "read_timeout": number("read_timeout", 0.05, 3600),
        "run_timeout": number("run_timeout", 0.1, 86_400),
        "max_upstream_calls": whole("max_upstream_calls", 1, 100),
        "max_retry_wait": number("max_retry_wait", 0, 3600),
        "cache_seconds": number("cache_seconds", 0, 2_592_000),
        "degraded_message": text("degraded_message"),
        "webhook_url": text("webhook_url", validate=web_address),
        "webhook_secret": text("webhook_secret", validate=strong),
        "lease_seconds": number("lease_seconds", 0.5, 3600),
        "budget_request_usd": money("budget_request_usd"),
        "budget_day_usd": money("budget_day_usd"),
        "budget_month_usd": money("budget_month_usd"),
        "budget_time_zone": text("budget_time_zone", validate=time_zone),
        **{name: whole(name, 1, 1_000_000_000) for name in _LIMITS},
        "drain_timeout": number("drain_timeout", 0, 3600),
        "reader_grace": number("reader_grace", 0, 86_400),
        "replay_seconds": number("replay_seconds", 0, 86_400),
        "max_open_runs": whole("max_open_runs", 1, 1_000_000),
        "max_output_bytes": whole("max_output_bytes", 1024, 1_000_000_000),
        "max_body_bytes": whole("max_body_bytes", 1024, 100_000_000),
        "max_image_bytes": whole("max_image_bytes", 0, 100_000_000),
        "demo_tokens_per_second": number("demo_tokens_per_second", 0.1, 1_000_000),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=OneOf(levels)),
    }


def _parsed(env: FileAwareEnv, name: str, parse: Callable[[str], Any]) -> Any:
    """A value with a grammar of its own, whose parser raises ValueError with a sentence."""

    def valid(value: str) -> None:
        try:
            parse(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    value = env.str(name, None, validate=valid)
    return parse(value) if value and name not in env._errors else _default(name.lower())


def _compatible(env: FileAwareEnv, name: str) -> CompatibleServer | None:
    known = servers.KNOWN.get(name.lower(), CompatibleServer(name.lower(), ""))
    address = f"COMPATIBLE_{name}_BASE_URL"
    base_url = env.str(address, known.base_url, validate=web_address)

    def usable(key: str) -> None:
        header_safe(key)
        if base_url == "":
            raise ValidationError(f"set {address} too, or no server is meant.")

    api_key = env.str(f"COMPATIBLE_{name}_API_KEY", None, validate=usable)
    return replace(known, base_url=base_url, api_key=api_key) if base_url else None


def _certificates(env: FileAwareEnv) -> str | None:
    """httpx2 reads the first two of these and requests the others; here each is for all."""
    names = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
    return next(filter(None, [env.str(name, None, validate=there) for name in names]), None)
