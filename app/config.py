"""One frozen Config, and the only reader of the environment.

Every variable can be read from a file: `OPENAI_API_KEY_FILE=/run/secrets/key` stands for
`OPENAI_API_KEY`. A `.env` file in the working directory is read too; the environment wins.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv import load_dotenv
from environs import EnvError, FileAwareEnv, ValidationError
from marshmallow.validate import OneOf, Range

Environment = Literal["development", "staging", "production"]

_COMPATIBLE = re.compile(r"COMPATIBLE_([A-Z0-9_]+)_BASE_URL(?:_FILE)?")
_TAKEN = {"openai", "anthropic", "ollama", "demo"}


class ConfigError(Exception):
    """The environment cannot be used; `problems` holds a sentence for each bad value."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Parley cannot start with this configuration:\n{listed}")


@dataclass(frozen=True)
class CompatibleServer:
    """A server that speaks OpenAI's chat completions, at `base_url` (which ends in /v1)."""

    name: str
    base_url: str
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Config:
    """What the environment says. Times are in seconds, sizes in bytes."""

    app_env: Environment = "development"
    port: int | None = None
    web_concurrency: int = 1
    database_url: str = field(default="sqlite:///parley.db", repr=False)  # may hold a password
    admin_key: str | None = field(default=None, repr=False)
    chat_model: str | None = None
    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None
    anthropic_api_key: str | None = field(default=None, repr=False)
    anthropic_base_url: str | None = None
    ollama_base_url: str | None = None
    compatible: tuple[CompatibleServer, ...] = ()
    connect_timeout: float = 5.0
    first_byte_timeout: float = 120.0
    read_timeout: float = 60.0
    run_timeout: float = 600.0
    drain_timeout: float = 30.0
    reader_grace: float = 30.0
    replay_seconds: float = 600.0
    max_open_runs: int = 5_000
    max_output_bytes: int = 4_194_304
    max_body_bytes: int = 1_048_576
    demo_tokens_per_second: float = 25.0
    log_level: str = "INFO"

    @property
    def open(self) -> bool:
        """Whether callers need no key: on loopback only."""
        return self.port is None

    @property
    def bind(self) -> str:
        return "127.0.0.1:8000" if self.port is None else f"0.0.0.0:{self.port}"

    @classmethod
    def from_env(cls) -> Config:
        """Read the environment. Raises ConfigError with every bad value in it."""
        load_dotenv(".env")
        env = _Env(eager=False, strip_whitespace=True)
        values = _read(env)
        problems = _sealed(env) + _contradictions(values)
        if problems:
            raise ConfigError(problems)
        return cls(**values)


class _Env(FileAwareEnv):
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


def _default(name: str) -> Any:
    return next(f.default for f in fields(Config) if f.name == name)


def _read(env: FileAwareEnv) -> dict[str, Any]:
    def text(name: str, **kwargs: Any) -> Any:
        return env.str(name.upper(), _default(name), **kwargs)

    def number(name: str, low: float, high: float) -> Any:
        return env.float(name.upper(), _default(name), validate=Range(low, high))

    def whole(name: str, low: int, high: int) -> Any:
        return env.int(name.upper(), _default(name), validate=Range(low, high))

    levels = ["DEBUG", "INFO", "WARNING", "ERROR"]
    return {
        "app_env": env.str(
            "APP_ENV", "development", validate=OneOf(["development", "staging", "production"])
        ),
        "port": whole("port", 1, 65535),
        "web_concurrency": whole("web_concurrency", 1, 1024),
        "database_url": text("database_url", validate=_database),
        "admin_key": text("admin_key", validate=_strong),
        "chat_model": text("chat_model"),
        "openai_api_key": text("openai_api_key", validate=_header_safe),
        "openai_base_url": text("openai_base_url", validate=_web_address),
        "anthropic_api_key": text("anthropic_api_key", validate=_header_safe),
        "anthropic_base_url": text("anthropic_base_url", validate=_web_address),
        "ollama_base_url": text("ollama_base_url", validate=_web_address),
        "compatible": tuple(filter(None, (_compatible(env, name) for name in _names()))),
        "connect_timeout": number("connect_timeout", 0.05, 120),
        "first_byte_timeout": number("first_byte_timeout", 0.05, 3600),
        "read_timeout": number("read_timeout", 0.05, 3600),
        "run_timeout": number("run_timeout", 0.1, 86_400),
        "drain_timeout": number("drain_timeout", 0, 3600),
        "reader_grace": number("reader_grace", 0, 86_400),
        "replay_seconds": number("replay_seconds", 0, 86_400),
        "max_open_runs": whole("max_open_runs", 1, 1_000_000),
        "max_output_bytes": whole("max_output_bytes", 1024, 1_000_000_000),
        "max_body_bytes": whole("max_body_bytes", 1024, 100_000_000),
        "demo_tokens_per_second": number("demo_tokens_per_second", 0.1, 1_000_000),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=OneOf(levels)),
    }


def _names() -> list[str]:
    return sorted({m[1] for m in map(_COMPATIBLE.fullmatch, os.environ) if m})


def _keyed_names() -> set[str]:
    """Servers that have a key; with a bad address they have a problem of their own already."""
    found = re.compile(r"COMPATIBLE_([A-Z0-9_]+)_API_KEY(?:_FILE)?")
    keyed = {m[1] for name, value in os.environ.items() if value and (m := found.fullmatch(name))}
    return keyed - {name for name in _names() if os.environ.get(f"COMPATIBLE_{name}_BASE_URL")}


def _compatible(env: FileAwareEnv, name: str) -> CompatibleServer | None:
    base_url = env.str(f"COMPATIBLE_{name}_BASE_URL", None, validate=_web_address)
    api_key = env.str(f"COMPATIBLE_{name}_API_KEY", None, validate=_header_safe)
    return CompatibleServer(name.lower(), base_url, api_key) if base_url else None


def _sealed(env: FileAwareEnv) -> list[str]:
    try:
        env.seal()
    except EnvError as error:
        found: dict[str, list[str]] = getattr(error, "error_messages", {})
        return [f"{name}: {' '.join(said)}" for name, said in found.items()] or [str(error)]
    return []


def _contradictions(values: dict[str, Any]) -> list[str]:
    problems = [
        f"COMPATIBLE_{server.name.upper()}_BASE_URL: this name is a provider of its own already; "
        "choose another."
        for server in values["compatible"]
        if server.name in _TAKEN
    ]
    named = {server.name.upper() for server in values["compatible"]}
    problems += [
        f"COMPATIBLE_{name}_API_KEY: set COMPATIBLE_{name}_BASE_URL too, or no server is meant."
        for name in _keyed_names() - named
    ]
    available = _available(values)
    if values["chat_model"] and values["chat_model"].partition("/")[0] not in available:
        problems.append(
            "CHAT_MODEL: its provider is not configured. A model is written provider/name; there "
            f"are {', '.join(sorted(available))}, and OPENAI_API_KEY, ANTHROPIC_API_KEY, "
            "OLLAMA_BASE_URL or COMPATIBLE_<NAME>_BASE_URL adds another."
        )
    if values["port"] and not values["admin_key"]:
        problems.append(
            "ADMIN_KEY: with PORT set, Parley listens on every address and needs a key in force. "
            "Set ADMIN_KEY to a random text (for example the output of `openssl rand -hex 24`), or "
            "unset PORT to listen on this machine only."
        )
    if (values["web_concurrency"] or 1) > 1:
        problems.append(
            "WEB_CONCURRENCY: this version runs one worker, because runs, limits and stop signals "
            "live in its memory. Set WEB_CONCURRENCY=1; one worker serves thousands of streams."
        )
    return problems


def _available(values: dict[str, Any]) -> set[str]:
    built_in = {
        "demo": True,
        "openai": values["openai_api_key"] or values["openai_base_url"],
        "anthropic": values["anthropic_api_key"] or values["anthropic_base_url"],
        "ollama": values["ollama_base_url"],
    }
    return {name for name, there in built_in.items() if there} | {
        server.name for server in values["compatible"]
    }


def _web_address(value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not close, a port over 65535
        usable = False
    if not usable:
        raise ValidationError("Not a web address; it must look like https://host/v1.")


def _database(value: str) -> None:
    if not re.match(r"(sqlite|postgres(ql)?(\+psycopg)?)://", value):
        raise ValidationError("Must start with sqlite:// or postgresql://.")
    try:
        urlsplit(value).port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise ValidationError("Its host or port cannot be read.") from error


def _strong(value: str) -> None:
    if len(value) < 8:
        raise ValidationError("Too short to be a key; take a random text of 24 characters or so.")
    _header_safe(value)


def _header_safe(value: str) -> None:
    if not (value.isascii() and value.isprintable()):
        raise ValidationError("Holds a line break or a character that no key has.")
