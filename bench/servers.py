"""What is measured: how each server is started and asked, and what ends its streams."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

KEY = "sk-the-key-of-the-bench"
_ROOT = Path(__file__).resolve().parents[1]
_BIN = _ROOT / ".venv-bench" / "bin"


def _native(model: str) -> dict[str, Any]:
    return {"message": "hi", "model": model}


def _of_parley(model: str) -> dict[str, Any]:
    return _native(f"openai/{model}")


def _of_openai(model: str) -> dict[str, Any]:
    return {"model": model, "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def _of_openai_at_parley(model: str) -> dict[str, Any]:
    return _of_openai(f"openai/{model}")


@dataclass(frozen=True, eq=False)
class Server:
    """One worker. `{port}`, `{upstream}` and `{folder}`, a folder of its own, are filled in.

    The others' figures are given as ratios to those of a `base`.
    """

    name: str
    title: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    path: str = "/api/chat/stream"
    body: Callable[[str], dict[str, Any]] = _native
    ending: bytes = b"data: [DONE]"
    base: bool = False
    redis: bool = False  # one is started beside it, on port `{redis}`


_OPENAI = {"OPENAI_BASE_URL": "{upstream}/v1", "OPENAI_API_KEY": "k"}
_GUNICORN = ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--config")

STAND_IN = Server(
    "upstream",
    "The stand-in for the model",
    (sys.executable, "-m", "bench.upstream", "{port}"),
    {"PYTHONPATH": str(_ROOT)},
    path="/v1/chat/completions",
    body=_of_openai,
)

PARLEY = Server(
    "parley",
    "Parley",
    (sys.executable, *_GUNICORN, str(_ROOT / "gunicorn.conf.py"), "wsgi:app"),
    # With PORT a key is in force, as it is wherever Parley is deployed.
    {
        **_OPENAI,
        "PYTHONPATH": str(_ROOT),
        "DATABASE_URL": "sqlite:///{folder}/parley.db",
        "PORT": "{port}",
        "ADMIN_KEY": KEY,
    },
    body=_of_parley,
    ending=b"event: done",
)

PARLEY_AS_OPENAI = replace(
    PARLEY,
    name="parley-openai",
    title="Parley as OpenAI",
    path="/v1/chat/completions",
    body=_of_openai_at_parley,
    ending=b"data: [DONE]",
)

PARLEY_WITH_REDIS = replace(
    PARLEY,
    name="parley-redis",
    title="Parley with Redis",
    environment={**PARLEY.environment, "REDIS_URL": "redis://127.0.0.1:{redis}/0"},
    redis=True,
)

_FASTAPI = Server(
    "fastapi",
    "FastAPI + AsyncOpenAI",
    (
        *(str(_BIN / "uvicorn"), "--host", "127.0.0.1", "--port", "{port}", "--no-access-log"),
        *("--log-level", "warning", "fastapi_relay:app"),
    ),
    {**_OPENAI, "PYTHONPATH": str(_ROOT / "bench" / "peers")},
    base=True,
)

_FLASK = Server(
    "flask",
    "Flask + OpenAI SDK",
    (str(_BIN / "python"), *_GUNICORN, "python:gunicorn_gevent", "flask_relay:app"),
    {**_OPENAI, "PYTHONPATH": str(_ROOT / "bench" / "peers")},
)


def chosen() -> list[Server]:
    """Those that there are, of which `ONLY=name,name` takes some."""
    redis = (PARLEY_WITH_REDIS,) if shutil.which("redis-server") else ()
    ours = (PARLEY, PARLEY_AS_OPENAI, *redis)
    there = {server.name: server for server in (*ours, _FASTAPI, _FLASK, *_litellm(), *_relay())}
    names = os.environ.get("ONLY", ",".join(there)).split(",")
    if unknown := set(names) - set(there):
        sys.exit(f"ONLY: {', '.join(unknown)} is not among {', '.join(there)}.")
    return [there[name] for name in names]


def _litellm() -> list[Server]:
    program = shutil.which("litellm", path=f"{_BIN}:{os.environ['PATH']}")
    if program is None:
        return []
    model = {"model": "openai/*", "api_base": "{upstream}/v1", "api_key": "k"}
    config = {
        "model_list": [{"model_name": "*", "litellm_params": model}],
        "general_settings": {"master_key": KEY},
    }
    flags = ("--host", "127.0.0.1", "--port", "{port}", "--config", "{folder}/config.yaml")
    return [
        Server(
            "litellm",
            "LiteLLM proxy",
            (program, *flags, "--num_workers", "1", "--telemetry", "False"),
            {
                "LITELLM_LOG": "ERROR",
                # Its prices come with it; without this it asks the network for them.
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                # It opens 500 at most otherwise, and others wait.
                "AIOHTTP_CONNECTOR_LIMIT": "10000",
                "AIOHTTP_CONNECTOR_LIMIT_PER_HOST": "10000",
            },
            {"config.yaml": json.dumps(config)},
            path="/v1/chat/completions",
            body=_of_openai,
        )
    ]


def _relay() -> list[Server]:
    """Any other that takes `{"message", "model"}` at /api/chat/stream and ends with `data: [DONE]`:

    BENCH_RELAY='env GOMAXPROCS=1 relay -addr 127.0.0.1:{port} -upstream {upstream}/v1'
    """
    command = shlex.split(os.environ.get("BENCH_RELAY", ""))
    return [Server("relay", "The relay given", command, base=True)] if command else []
