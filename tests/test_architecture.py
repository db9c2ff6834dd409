"""The table of the rooms: who may import whom, read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_FILES = sorted((_ROOT / "app").rglob("*.py"))

_LEAVES = {
    "accounts",
    "bells",
    "chains",
    "config",
    "errors",
    "events",
    "ids",
    "jwks",
    "logs",
    "messages",
    "metrics",
    "profiles",
    "servers",
    "tariffs",
    "tool_servers",
    "tracing",
    "webhooks",
}
_SHARED_VIEWS = {
    "bodies",
    "callers",
    "connection",
    "context",
    "cookie",
    "dialogue",
    "errands",
    "following",
    "guards",
    "late_description",
    "limits",
    "presence",
    "problems",
    "requests",
    "stream",
    "streaming",
    "websocket",
}

# What a room may import of the application. A name with a dot is one module of a room.
_ROOMS: dict[str, set[str]] = {
    "leaves": _LEAVES,
    "providers": _LEAVES | {"providers", "cluster"},
    "storage": _LEAVES | {"storage"},
    "encoders": _LEAVES | {"encoders"},
    # What stands in a text and what it means; the standard library is enough for it.
    "evidence": _LEAVES | {"evidence"},
    # JSON Schema to and from what a model takes; validation of shape.
    "structure": _LEAVES | {"structure"},
    # Prompts as files: read, checked, and filled in inside a sandbox.
    "templating": _LEAVES | {"templating"},
    # What may be said: rules, and texts held against them.
    "filtering": _LEAVES | {"filtering"},
    # Functions that a model may call; what they need of their surroundings they are handed.
    "tools": _LEAVES | {"tools", "structure"},
    "schemas": _LEAVES | {"schemas", "evidence"},
    "cluster": _LEAVES | {"cluster"},
    "metering": _LEAVES | {"metering", "storage", "cluster"},
    "runs": _LEAVES | {"runs", "storage", "cluster"},
    "services": _LEAVES
    | {"services", "metering", "runs", "storage", "cluster", "providers.base"}
    | {"evidence", "structure", "templating", "tools", "filtering"},
    "blueprints": _LEAVES
    | {"services", "runs", "schemas", "encoders"}
    | {f"blueprints.{name}" for name in _SHARED_VIEWS},
    "worker": _LEAVES | {"worker"},
    # What is said on a command line holds to the same rules as what comes over HTTP.
    "cli": _LEAVES
    | {"cli", "schemas", "services", "storage", "metering", "runs", "providers.base"},
}

# Where a library may be known; one that is not listed may be known everywhere.
_LIBRARIES = {
    "flask": {"blueprints", "cli", "app"},
    "flask_smorest": {"blueprints", "app"},
    "werkzeug": {"blueprints"},
    "marshmallow": {
        "schemas",
        "config",
        "blueprints.bodies",
        "templating.front_matter",
        "templating.variables",
        "tools",
    },
    "jinja2": {"templating.grammar", "templating.template"},
    "webargs": {"schemas", "blueprints.bodies"},
    "environs": {"config"},
    "dotenv": {"config"},
    "openai": {"providers"},
    "anthropic": {"providers"},
    "httpx2": {"providers", "tools.servers.session"},
    "requests": {"providers", "webhooks", "jwks"},
    "urllib3": {"providers"},
    "redis": {"cluster", "runs.shared_log"},
    "sqlalchemy": {"storage"},
    "alembic": {"storage"},
    "psycopg": {"storage"},
    "jwt": {"services.signing"},
    "genai_prices": {"metering", "providers"},
    "prometheus_client": {"metrics"},
    "opentelemetry": {"tracing"},
    "click": {"cli"},
    "jsonschema_rs": {"structure"},
    "mcp": {"tools.servers.session"},
    "jiter": {"services.extraction.partials"},
    "gunicorn": {"worker"},
    "wsproto": {"blueprints.chat_ws", "blueprints.websocket"},
}


def _name(file: Path) -> str:
    parts = file.relative_to(_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


_MODULES = {_name(file): file for file in _FILES}


def _imports(source: str) -> Iterator[str]:
    """Every module that is named, also inside functions and for types only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in _MODULES else str(node.module)


def _room(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1:
        return "app"
    return "leaves" if parts[1] in _LEAVES else parts[1]


def _is_in(module: str, places: set[str]) -> bool:
    name = module.removeprefix("app.")
    return name in places or name.split(".")[0] in places


def _forbidden(module: str, source: str) -> list[str]:
    """What the source of a module imports although its room may not."""
    found = []
    for target in _imports(source):
        library = target.split(".")[0]
        if library != "app":
            allowed = _is_in(module, _LIBRARIES.get(library, {module.removeprefix("app.")}))
        else:
            room = _room(module)
            allowed = room == "app" or _is_in(target, _ROOMS[room])
        if not allowed:
            found.append(target)
    return found


@pytest.mark.parametrize("module", _MODULES)
def test_a_module_imports_what_its_room_may(module: str) -> None:
    """Every import of every module stands in the table of the rooms."""
    assert _forbidden(module, _MODULES[module].read_text()) == []


@pytest.mark.parametrize("module", sorted(set(_MODULES) - {"app"}))
def test_every_module_has_a_room(module: str) -> None:
    """There is no room beside those of the table."""
    assert _room(module) in _ROOMS


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("app.events", "from app.storage import tables"),
        ("app.logs", "from app import cli"),
        ("app.services.chat", "from app.providers.openai import OpenAI"),
        ("app.services.chat", "def f():\n    import flask"),
        ("app.storage.runs", "from app.services.turns import Ask"),
        ("app.schemas.chat", "if TYPE_CHECKING:\n    from flask import Flask"),
        ("app.blueprints.chat", "from app.blueprints import models"),
        ("app.blueprints.chat", "from app.storage.database import Database"),
        ("app.blueprints.chat", "from app.providers.base import Provider"),
        ("app.blueprints.chat", "import marshmallow"),
        ("app.runs.run", "import app.metering.prices"),
        ("app.services.chat", "import jsonschema_rs"),
        ("app.services.prompts", "import jinja2"),
        ("app.structure.schema", "from app.services.turns import Ask"),
        ("app.encoders.native", "import httpx2._client"),
        ("app.cli", "from app.providers import registry"),
    ],
)
def test_the_table_is_not_blind(module: str, planted: str) -> None:
    """An import that breaks the table is seen, wherever it stands."""
    assert len(_forbidden(module, planted)) == 1


def test_no_module_imports_itself_by_a_detour() -> None:
    """There is no circle of imports."""
    graph = {
        module: {t for t in _imports(file.read_text()) if t in _MODULES}
        for module, file in _MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", _MODULES)
def test_a_module_is_one_thing(module: str) -> None:
    """No module is longer than 300 lines, and none has a name that says nothing."""
    assert len(_MODULES[module].read_text().splitlines()) <= 300
    empty = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
    assert not empty & set(module.split(".")[-1].split("_"))


@pytest.mark.parametrize("module", sorted(set(_MODULES) - {"app.config.environment"}))
def test_the_environment_is_read_in_one_place(module: str) -> None:
    """Nothing but the configuration names os.environ or os.getenv."""
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    for node in ast.walk(ast.parse(_MODULES[module].read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert not (node.value.id == "os" and node.attr in names)
        assert not (isinstance(node, ast.alias) and node.name in names)
