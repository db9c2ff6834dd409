"""Every variable, by what it is about: of what kind it is, and what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from environs import ValidationError
from marshmallow.validate import OneOf

from app import chains, profiles, servers, tariffs, tool_servers
from app.config import origins
from app.config.environment import Env, Variables
from app.config.settings import KEPT
from app.config.validators import (
    database,
    folder,
    header_safe,
    https_address,
    key_id,
    long,
    prefix,
    redis,
    secret_list,
    signing,
    strong,
    there,
    time_zone,
    version,
    web_address,
)
from app.servers import CompatibleServer
from app.tool_servers import APPROVALS, ToolServer

_LIMITS = [
    f"limit_{whose}{what}"
    for whose in ("", "team_", "user_")
    for what in ("requests_per_minute", "tokens_per_minute", "streams")
]


def read(env: Env) -> dict[str, Any]:
    """The fields of the settings; what is refused is for `sealed` to tell."""
    v = Variables(env)
    groups = (
        _serving,
        _people,
        _storing,
        _models,
        _providers,
        _patience,
        _money,
        _limits,
        _tools,
        _agents,
        _watching,
        _privacy,
    )
    return {name: value for group in groups for name, value in group(v).items()}


def _serving(v: Variables) -> Mapping[str, Any]:
    return {
        "app_env": v.one_of("app_env", ["development", "staging", "production"]),
        "port": v.whole("port", 1, 65535),
        "web_concurrency": v.whole("web_concurrency", 1, 1024),
        "admin_key": v.text("admin_key", validate=strong),
        "secret_key": v.text("secret_key", validate=long),
        "trusted_proxies": v.whole("trusted_proxies", 0, 10),
        "cors_origins": v.parsed("cors_origins", origins.read),
        "log_level": v.one_of("log_level", ["DEBUG", "INFO", "WARNING", "ERROR"]),
    }


def _people(v: Variables) -> Mapping[str, Any]:
    return {
        "secret_key_fallbacks": v.parsed("secret_key_fallbacks", secret_list),
        "session_idle_minutes": v.number("session_idle_minutes", 0.01, 525_600),
        "session_hours": v.number("session_hours", 0.001, 8_760),
        "https_only": v.yes("https_only"),
        "hsts_seconds": v.whole("hsts_seconds", 0, 63_072_000),
        "jwt_jwks_url": v.text("jwt_jwks_url", validate=https_address),
        "jwt_secret": v.text("jwt_secret", validate=signing),
        "jwt_algorithm": v.one_of("jwt_algorithm", ["RS256", "ES256", "EdDSA", "HS256"]),
        "jwt_audience": v.text("jwt_audience"),
        "jwt_issuer": v.text("jwt_issuer"),
        "jwt_key_id": v.text("jwt_key_id", validate=key_id),
    }


def _storing(v: Variables) -> Mapping[str, Any]:
    return {
        "database_url": v.text("database_url", validate=database),
        "spool_dir": v.text("spool_dir"),
        "redis_url": v.text("redis_url", validate=redis),
        "redis_prefix": v.text("redis_prefix", validate=prefix),
        "redis_required": v.yes("redis_required"),
        "redis_tls_verify": v.yes("redis_tls_verify"),
        "limits_without_redis": v.one_of("limits_without_redis", ["local", "refuse"]),
    }


def _models(v: Variables) -> Mapping[str, Any]:
    return {
        "chat_model": v.text("chat_model"),
        "title_model": v.text("title_model"),
        "prompts_dir": v.text("prompts_dir", validate=folder),
        "fallback_models": v.parsed("fallback_models", chains.chain),
        "model_aliases": v.parsed("model_aliases", chains.aliases),
        "model_profiles": v.parsed("model_profiles", profiles.read),
        "model_prices": v.parsed("model_prices", tariffs.read),
        "demo_tokens_per_second": v.number("demo_tokens_per_second", 0.1, 1_000_000),
    }


def _providers(v: Variables) -> Mapping[str, Any]:
    named = (_compatible(v.env, name) for name in servers.names(v.env.whole()))
    return {
        "openai_api_key": v.text("openai_api_key", validate=header_safe),
        "openai_base_url": v.text("openai_base_url", validate=web_address),
        "anthropic_api_key": v.text("anthropic_api_key", validate=header_safe),
        "anthropic_base_url": v.text("anthropic_base_url", validate=web_address),
        "ollama_base_url": v.text("ollama_base_url", validate=web_address),
        "compatible": tuple(filter(None, named)),
        "certificates": _certificates(v.env),
    }


def _patience(v: Variables) -> Mapping[str, Any]:
    return {
        "connect_timeout": v.number("connect_timeout", 0.05, 120),
        "first_byte_timeout": v.number("first_byte_timeout", 0.05, 3600),
        "read_timeout": v.number("read_timeout", 0.05, 3600),
        "run_timeout": v.number("run_timeout", 0.1, 86_400),
        "max_upstream_calls": v.whole("max_upstream_calls", 1, 100),
        "max_retry_wait": v.number("max_retry_wait", 0, 3600),
        "cache_seconds": v.number("cache_seconds", 0, 2_592_000),
        "degraded_message": v.text("degraded_message"),
        "webhook_url": v.text("webhook_url", validate=web_address),
        "webhook_secret": v.text("webhook_secret", validate=strong),
        "drain_timeout": v.number("drain_timeout", 0, 3600),
        "reader_grace": v.number("reader_grace", 0, 86_400),
        "replay_seconds": v.number("replay_seconds", 0, 86_400),
    }


def _money(v: Variables) -> Mapping[str, Any]:
    return {
        "lease_seconds": v.number("lease_seconds", 0.5, 3600),
        "budget_request_usd": v.money("budget_request_usd"),
        "budget_day_usd": v.money("budget_day_usd"),
        "budget_month_usd": v.money("budget_month_usd"),
        "budget_user_request_usd": v.money("budget_user_request_usd"),
        "budget_user_day_usd": v.money("budget_user_day_usd"),
        "budget_user_month_usd": v.money("budget_user_month_usd"),
        "budget_time_zone": v.text("budget_time_zone", validate=time_zone),
    }


def _limits(v: Variables) -> Mapping[str, Any]:
    return {
        **{name: v.whole(name, 1, 1_000_000_000) for name in _LIMITS},
        "max_open_runs": v.whole("max_open_runs", 1, 1_000_000),
        "max_output_bytes": v.whole("max_output_bytes", 1024, 1_000_000_000),
        "max_body_bytes": v.whole("max_body_bytes", 1024, 100_000_000),
        "max_image_bytes": v.whole("max_image_bytes", 0, 100_000_000),
    }


def _tools(v: Variables) -> Mapping[str, Any]:
    servers = v.parsed("mcp_servers", tool_servers.parse)
    return {
        "tools": v.parsed("tools", _listed),
        "tools_modules": v.parsed("tools_modules", _listed),
        "tool_fetch_url": v.yes("tool_fetch_url"),
        "mcp_servers": tuple(_tool_server(v.env, server) for server in servers),
    }


def _agents(v: Variables) -> Mapping[str, Any]:
    return {
        "agent_max_steps": v.whole("agent_max_steps", 1, 100),
        "agent_max_tool_calls": v.whole("agent_max_tool_calls", 1, 10_000),
        "agent_max_tool_errors": v.whole("agent_max_tool_errors", 1, 10_000),
        "agent_max_tokens": v.whole("agent_max_tokens", 100, 1_000_000_000),
        "agent_max_cost_usd": v.money("agent_max_cost_usd"),
        "agent_timeout": v.number("agent_timeout", 0.1, 86_400),
        "agent_approval_seconds": v.number("agent_approval_seconds", 0.1, 2_592_000),
    }


def _listed(value: str) -> tuple[str, ...]:
    """Names between commas; `none` stands for none, as an empty value is the same as no value."""
    return tuple(n for n in map(str.strip, value.split(",")) if n and n != "none")


def _tool_server(env: Env, server: ToolServer) -> ToolServer:
    name = f"MCP_{server.name.upper()}"
    token = env.str(f"{name}_TOKEN", None, validate=header_safe)
    approval: Any = env.str(f"{name}_APPROVAL", server.approval, validate=OneOf(APPROVALS))
    return replace(server, token=token, approval=approval)


def _watching(v: Variables) -> Mapping[str, Any]:
    return {
        "prometheus_multiproc_dir": v.text("prometheus_multiproc_dir", validate=folder),
        "otel_exporter_otlp_endpoint": v.text("otel_exporter_otlp_endpoint", validate=web_address),
        "anomaly_factor": v.parsed("anomaly_factor", _factor),
        "anomaly_min_usd": v.money("anomaly_min_usd"),
        "anomaly_min_calls": v.whole("anomaly_min_calls", 1, 1_000_000_000),
    }


def _privacy(v: Variables) -> Mapping[str, Any]:
    return {
        "filter_rules": v.text("filter_rules"),
        "terms_file": v.text("terms_file", validate=there),
        "terms_version": v.text("terms_version", validate=version),
        **{f"retention_days_{name}": v.whole(f"retention_days_{name}", 1, 36_500) for name in KEPT},
    }


def _factor(value: str) -> float:
    number = float(value)
    if number == 0 or 1.2 <= number <= 1000:
        return number
    raise ValueError("Must be 0, or a number from 1.2 to 1000.")


def _compatible(env: Env, name: str) -> CompatibleServer | None:
    known = servers.KNOWN.get(name.lower(), CompatibleServer(name.lower(), ""))
    address = f"COMPATIBLE_{name}_BASE_URL"
    base_url = env.str(address, known.base_url, validate=web_address)

    def usable(key: str) -> None:
        header_safe(key)
        if base_url == "":
            raise ValidationError(f"set {address} too, or no server is meant.")

    api_key = env.str(f"COMPATIBLE_{name}_API_KEY", None, validate=usable)
    return replace(known, base_url=base_url, api_key=api_key) if base_url else None


def _certificates(env: Env) -> str | None:
    """httpx2 reads the first two of these and requests the others; here each is for all."""
    names = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
    return next(filter(None, [env.str(name, None, validate=there) for name in names]), None)
