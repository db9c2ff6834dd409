"""docs/operating.md tells of everything that there is, and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.blueprints import problems
from app.cli import agent, ask, doctor, evaluate, extract, keys, migrate, models, usage
from app.config import variables
from app.config.environment import Env
from app.config.settings import Settings
from app.errors import ParleyError
from app.metrics import Metrics
from app.profiles import Profile
from app.servers import KNOWN
from tests.docs.pages import names, rows, section

_PAGE = "docs/operating.md"
_COMMANDS = (agent, ask, doctor, evaluate, extract, keys, migrate, models, usage)
# Where one is written as somebody's name for something, as COMPATIBLE_SHOP_BASE_URL.
_ANY = "SHOP"


class _Listening(Env):
    """It notes what is asked for."""

    def __init__(self) -> None:
        super().__init__(eager=False)
        self.asked: set[str] = set()

    def _get_value(self, env_key: str, default: Any) -> Any:
        self.asked.add(env_key)
        return super()._get_value(env_key, default)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every variable that the configuration reads."""
    monkeypatch.setenv(f"COMPATIBLE_{_ANY}_BASE_URL", "https://models.example/v1")
    monkeypatch.setenv("MCP_SERVERS", f"{_ANY.lower()}=https://tools.example/mcp")
    env = _Listening()
    variables.read(env)
    return {name.replace(f"_{_ANY}_", "_<NAME>_") for name in env.asked}


def told() -> Mapping[str, str]:
    """The default of each variable of the tables, as it is written there."""
    found: dict[str, str] = {}
    for variable, _, default in rows(section(_PAGE, "Configuration")):
        listed = names(variable)
        each = re.split(r",(?!\w) *", default)
        if len(each) != len(listed):
            each = [default] * len(listed)
        assert not found.keys() & listed, f"{variable} is told twice"
        found |= zip(listed, each, strict=True)
    return found


def test_every_variable_is_told(read: set[str]) -> None:
    """The tables have each variable that the configuration reads, once, and no other."""
    assert set(told()) == read


def defaults() -> Iterator[tuple[str, str]]:
    """Of the settings that have one which can be written in a word."""
    for setting in fields(Settings):
        default = () if setting.default is MISSING else setting.default
        if isinstance(default, bool):
            yield setting.name, f"`{str(default).lower()}`"
        elif isinstance(default, int | float | Decimal):
            yield setting.name, f"{Decimal(str(default)).normalize():f}"
        elif isinstance(default, str):
            yield setting.name, f"`{default}`"
        elif default:
            yield setting.name, f"`{','.join(map(str, default))}`"


@pytest.mark.parametrize(("name", "default"), list(defaults()))
def test_a_default_is_right(name: str, default: str) -> None:
    """What is said to hold where nothing is set does hold."""
    assert told()[name.upper()] == default


def test_what_has_no_default_is_not_given_one() -> None:
    """Where nothing is set by itself the table says a word, and no number."""
    without = {setting.name.upper() for setting in fields(Settings) if setting.default is None}
    listed = told()
    assert [n for n in sorted(without & listed.keys()) if re.fullmatch(r"[\d.]+", listed[n])] == []


def test_known_servers_and_profiles() -> None:
    """Each server that a key is enough for is named, and each field of a profile."""
    said = names(section(_PAGE, "Configuration"))
    assert {*map(str.upper, KNOWN), *Profile.__struct_fields__} <= set(said)


def test_every_metric_is_told() -> None:
    """The table has each metric with its labels, and no other."""
    metrics = Metrics()
    metrics.show_circuits(dict)
    metrics.show_held(lambda: None)
    metrics.show_redis(lambda: True)
    _, _, part = section(_PAGE, "Watching").partition("\n### Metrics\n")
    table = {names(name)[0]: names(labels) for name, labels, _ in rows(part)}
    assert table == {one.name: list(one.labels) for one in metrics.described}


def codes() -> Mapping[str, tuple[str, str]]:
    """Status and `retryable` of every code, as the table has them."""
    found = {}
    kinds = [ParleyError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found[kind.code] = (str(kind.status), "yes" if kind.retryable else "no")
    for status, code in problems._CODES.items():
        found.setdefault(code, (str(status), "no"))
    source = Path(problems.__file__).read_text()
    (other,) = re.findall(r'_CODES\.get\(status, "(\w+)"\)', source)
    return {**found, other: ("any", "no")}


def test_every_code_is_told() -> None:
    """The table has each code with its status and whether to ask again, and no other."""
    table = {}
    for code, status, again, what in rows(section(_PAGE, "Errors")):
        assert what, code
        table[names(code)[0]] = (status, again)
    assert table == codes()


def test_every_command_is_told() -> None:
    """The table has each command, and no other."""
    table = [names(command)[0] for command, _ in rows(section(_PAGE, "Commands"))]
    assert sorted(table) == sorted(f"flask {one.command.name}" for one in _COMMANDS)
