"""Values that are good alone and bad together, each with a sentence on what to set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app import servers
from app.config.origins import EVERY


def contradictions(values: Mapping[str, Any]) -> list[str]:
    problems = servers.clashes(values["compatible"])
    there = available(values)
    if values["webhook_secret"] is None and values["webhook_url"]:
        problems.append(
            "WEBHOOK_SECRET: with WEBHOOK_URL set, its receiver needs a secret to tell "
            "our posts from others'. Set it to a random text that both know."
        )
    problems += _strange_models(values, there)
    problems += _tokens(values)
    if values["secret_key_fallbacks"] and not values["secret_key"]:
        problems.append(
            "SECRET_KEY_FALLBACKS: these are what SECRET_KEY was before, and it is not set. Set it."
        )
    if values["terms_version"] and not values["terms_file"]:
        problems.append("TERMS_VERSION: there are no terms that it names. Set TERMS_FILE, too.")
    for name in ("CHAT_MODEL", "TITLE_MODEL"):
        chosen = values[name.lower()]
        known = values["model_aliases"].keys() | there
        if chosen and chosen not in known and chosen.partition("/")[0] not in there:
            problems.append(
                f"{name}: its provider is not configured. A model is written provider/name; there "
                f"are {', '.join(sorted(there))}, and OPENAI_API_KEY, ANTHROPIC_API_KEY, "
                "OLLAMA_BASE_URL or COMPATIBLE_<NAME>_BASE_URL adds another."
            )
    if values["port"] and not values["admin_key"]:
        problems.append(
            "ADMIN_KEY: with PORT set, Parley listens on every address and needs a key in force. "
            "Set ADMIN_KEY to a random text (for example the output of `openssl rand -hex 24`), or "
            "unset PORT to listen on this machine only."
        )
    if values["cors_origins"] == (EVERY,) and not values["port"]:
        problems.append(
            "CORS_ORIGINS: without PORT no key is in force, and with * every page that is opened "
            "in a browser on this machine could use Parley. Name the origins that may."
        )
    if (values["web_concurrency"] or 1) > 1 and not values["redis_url"]:
        problems.append(
            "WEB_CONCURRENCY: several workers share their runs, limits and stop signals by Redis. "
            "Set REDIS_URL, or WEB_CONCURRENCY=1; one worker serves thousands of streams."
        )
    if values["redis_required"] and not values["redis_url"]:
        problems.append("REDIS_REQUIRED: there is no Redis to be required. Set REDIS_URL, too.")
    return problems


def _tokens(values: Mapping[str, Any]) -> Iterator[str]:
    """What is missing to take the tokens of a frontend's own users, or is too much."""
    jwks, secret = values["jwt_jwks_url"], values["jwt_secret"]
    named = [name for name in values if name.startswith("jwt_") and values[name] is not None]
    if not named:
        return
    if bool(jwks) == bool(secret):
        yield (
            "JWT_JWKS_URL: tokens are checked with the keys at an address or with JWT_SECRET. Set "
            "one of the two."
        )
    elif jwks and values["jwt_algorithm"] == "HS256":
        yield "JWT_ALGORITHM: HS256 goes with JWT_SECRET; the keys at JWT_JWKS_URL are public."
    elif secret and values["jwt_algorithm"] not in (None, "HS256"):
        yield "JWT_ALGORITHM: with JWT_SECRET it is HS256; the others go with JWT_JWKS_URL."
    for name, why in _NEEDED.items():
        if values[name] is None:
            yield f"{name.upper()}: {why}"


_NEEDED = {
    "jwt_audience": "a token that was made for another service must not be taken here. Set it to "
    "what your tokens say in `aud`.",
    "jwt_key_id": "those who come with a token are users under a key, and its limits hold for "
    "them. Make one with the scope users, and set this to its id.",
}


def _strange_models(values: Mapping[str, Any], available: set[str]) -> Iterator[str]:
    """Models of a chain whose provider nobody has configured, and aliases that hide a provider."""
    named = [("FALLBACK_MODELS", step) for step in values["fallback_models"]]
    for alias, steps in values["model_aliases"].items():
        named += [("MODEL_ALIASES", step) for step in steps]
        if alias in available:
            yield f"MODEL_ALIASES: {alias!r} is a provider's name already; choose another."
    for name, step in named:
        if step.model.partition("/")[0] not in available:
            yield (
                f"{name}: the provider of {step.model!r} is not configured; there are "
                f"{', '.join(sorted(available))}."
            )


def available(values: Mapping[str, Any]) -> set[str]:
    """The names of the providers."""
    built_in = {
        "demo": True,
        "openai": values["openai_api_key"] or values["openai_base_url"],
        "anthropic": values["anthropic_api_key"] or values["anthropic_base_url"],
        "ollama": values["ollama_base_url"],
    }
    return {name for name, there in built_in.items() if there} | {
        server.name for server in values["compatible"]
    }
