"""What is known about a provider's models."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import msgspec
import structlog
from genai_prices import data_snapshot

from app.profiles import Facts, Profile, Table, checked, fitting, today
from app.providers import retirement

log = structlog.get_logger()

_DATA = Path(__file__).with_name("profiles.toml")
_MOST = 1_000  # models of which something is remembered; a caller may name any


class Profiles:
    """Of one provider. What it says itself counts more than our data, the configuration most.

    `window` is the context window, in tokens, of a model that nobody knows. `retires` are dates
    that the provider's SDK brings.
    """

    def __init__(
        self,
        provider: str,
        window: int,
        overrides: Table | None = None,
        retires: Mapping[str, date] | None = None,
    ) -> None:
        self._provider = provider
        self._window = window
        self._overrides = overrides or {}
        self._retires = retires or {}
        self._listed: Table = {}
        self._announced: dict[str, Facts] = {}
        self._warned: set[str] = set()
        self.of = lru_cache(maxsize=_MOST)(self._merged)

    def learn(self, listed: Table) -> None:
        """Take what the provider's list of its models says of each, instead of the last list."""
        self._listed = listed
        self.of.cache_clear()

    def hear(self, model: str, headers: Mapping[str, str]) -> None:
        """Note what a response says of its model's end, and warn once of one that is near."""
        said = retirement.announced(headers)
        if said and said != self._announced.get(model) and len(self._announced) < _MOST:
            self._announced[model] = said
            self.of.cache_clear()
        ending = self.of(model).ending(today())
        if ending and model not in self._warned and len(self._warned) < _MOST:
            self._warned.add(model)
            log.warning("model_ends", model=f"{self._provider}/{model}", detail=f"It {ending}.")

    def _merged(self, model: str) -> Profile:
        name = f"{self._provider}/{model}"
        facts = {
            **fitting(_known(self._provider), name),
            **({"retires": self._retires[model]} if model in self._retires else {}),
            **self._listed.get(model, {}),
            **self._announced.get(model, {}),
            **fitting(self._overrides, name),
        }
        if "context_window" not in facts:
            facts["context_window"] = _window(self._provider, model) or self._window
        return msgspec.convert(facts, Profile)


@cache
def _known(provider: str) -> Table:
    """Our own data about one provider: profiles by pattern, and the models that end on a day."""
    data = tomllib.loads(_DATA.read_text())
    known = checked(data["models"])
    for day, models in data["retires"].items():
        for model in models:
            known[model] = {**known.get(model, {}), "retires": date.fromisoformat(day)}
    return {name: facts for name, facts in known.items() if name.startswith(f"{provider}/")}


@lru_cache(maxsize=_MOST)
def _window(provider: str, model: str) -> int | None:
    """genai-prices' data, which comes in its wheel."""
    try:
        _, info = data_snapshot.get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None
    return info.context_window
