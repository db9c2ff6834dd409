"""The models that can be asked, by the name that callers use: `provider/name`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import gevent

from app.errors import ProviderError, UnknownModel
from app.providers.base import Provider

# Seconds: how long all providers together may take to list their models, and how long it holds.
_PATIENCE = 3.0
_FRESH = 300.0


@dataclass(frozen=True)
class Model:
    """A provider, and the provider's own name for one of its models."""

    provider: Provider
    name: str

    @property
    def id(self) -> str:
        return f"{self.provider.name}/{self.name}"


class Models:
    """`providers` in the order of preference; `chosen` is the configured default, if any."""

    def __init__(self, providers: Mapping[str, Provider], chosen: str | None) -> None:
        self._providers = providers
        self._chosen = chosen or next(iter(providers))
        self._default: Model | None = None
        self._listed: tuple[float, list[Model]] = (0.0, [])

    def resolve(self, wanted: str | None) -> Model:
        """The model for a caller's word. A provider's bare name means its default model.

        Raises:
            UnknownModel: no provider of that name is configured.
            ProviderError: the provider was asked for its default and did not say.
        """
        return self._named(wanted) if wanted else self.default()

    def default(self) -> Model:
        """Asked of its provider once, if the configuration does not say it. Raises as `resolve`."""
        if self._default is None:
            self._default = self._named(self._chosen)
        return self._default

    def default_id(self) -> str | None:
        """The default's name, None while its provider does not say it."""
        with gevent.Timeout(_PATIENCE, False):  # type: ignore[arg-type]  # the block just ends
            try:
                return self.default().id
            except ProviderError:
                pass
        return None

    def every(self) -> Sequence[Model]:
        """What the providers list, asked side by side; one that does not answer is left out."""
        asked, models = self._listed
        if not models or asked < time.monotonic() - _FRESH:
            jobs = [gevent.spawn(_models_of, p) for p in self._providers.values()]
            gevent.joinall(jobs, timeout=_PATIENCE)
            gevent.killall(jobs, block=False)
            models = [model for job in jobs for model in job.value or [] if job.successful()]
            self._listed = (time.monotonic(), models)
        return models

    def _named(self, wanted: str) -> Model:
        provider_name, _, name = wanted.partition("/")
        provider = self._providers.get(provider_name)
        if provider is None:
            known = ", ".join(self._providers)
            said = (
                f"There is no provider called {provider_name!r} here. A model is written "
                f"provider/name, and the providers are: {known}."
            )
            raise UnknownModel(said, errors={"model": [said]})
        return Model(provider, name or provider.default_model())


def _models_of(provider: Provider) -> list[Model]:
    try:
        return [Model(provider, name) for name in provider.models()]
    except ProviderError:
        return []
