"""Models that the configuration names and that their vendors will soon have no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

import structlog

from app.errors import ProviderError
from app.profiles import today
from app.services.models import Model, Models

log = structlog.get_logger()


def endings(models: Models, aliases: Iterable[str], day: date) -> dict[str, str]:
    """What is to say on a day of the default's chain and of the aliases', by the model's name."""
    named = {model.id: model for model in _named(models, aliases)}
    said = {name: model.profile.ending(day) for name, model in named.items()}
    return {name: ending for name, ending in said.items() if ending}


def warn(models: Models, aliases: Iterable[str]) -> None:
    """Say it in the log. A provider that does not tell its default is asked, and passed over."""
    for name, ending in endings(models, aliases, today()).items():
        log.warning("model_ends", model=name, detail=f"It {ending}.")


def _named(models: Models, aliases: Iterable[str]) -> Iterator[Model]:
    for chain in (None, *aliases):
        with suppress(ProviderError):
            yield from (candidate.model for candidate in models.resolve(chain))
