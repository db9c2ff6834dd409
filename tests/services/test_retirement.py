"""Models that the configuration names and that will be gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pytest

from app.chains import aliases, chain
from app.errors import Unreachable
from app.events import ModelEvent
from app.profiles import Profile
from app.providers.base import ModelRequest
from app.services import retirement
from app.services.models import Models
from app.services.retirement import endings, warn
from tests.logged import lines_of

_DAY = date(2026, 11, 21)


class Ending:
    """Its models end on the day that their name says."""

    name = "p"

    def __init__(self, default: str | None) -> None:
        self._default = default

    def default_model(self) -> str:
        if self._default is None:
            raise Unreachable("p cannot be reached.", provider="p")
        return self._default

    def models(self) -> Sequence[str]:
        return []

    def profile(self, model: str) -> Profile:
        return Profile(context_window=1, retires=date.fromisoformat(model))

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        raise NotImplementedError

    def count(self, request: ModelRequest) -> int | None:
        return None

    def close(self) -> None:
        pass


def test_all_that_are_named_are_looked_at() -> None:
    """The default, its fallbacks and the aliases' chains, each model once."""
    named = aliases("a = p/2026-11-01, p/2099-01-01; b = p/2026-11-01, p/2026-12-02")
    models = Models({"p": Ending("2026-12-01")}, None, chain("p/2098-01-01,p/2026-12-01"), named)
    assert endings(models, named, _DAY) == {
        "p/2026-12-01": "retires on 2026-12-01",
        "p/2026-11-01": "was to be retired on 2026-11-01",
        "p/2026-12-02": "retires on 2026-12-02",
    }


def test_a_provider_that_is_away_hides_only_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a server's start its provider may be down; the other chains are told of all the same."""
    named = aliases("a = p/2020-01-01")
    models = Models({"p": Ending(None)}, None, (), named)
    logs = lines_of(retirement, monkeypatch)
    warn(models, named)
    assert [(line["log_level"], line["model"], line["detail"]) for line in logs] == [
        ("warning", "p/2020-01-01", "It was to be retired on 2020-01-01.")
    ]
