"""The models that can be asked, by the name that callers use: `provider/name`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import gevent

from app.accounts import Account, allowed
from app.chains import Step
from app.errors import NotAllowed, ProviderError, UnknownModel
from app.profiles import Profile
from app.providers.base import Patience, Provider

# Seconds: how long all providers together may take to list their models, and how long it holds.
_PATIENCE = 3.0
_FRESH = 300.0
_RETRY = 15.0  # until one that failed is asked again


@dataclass(frozen=True)
class Model:
    """A provider, and the provider's own name for one of its models."""

    provider: Provider
    name: str

    @property
    def id(self) -> str:
        return f"{self.provider.name}/{self.name}"

    @property
    def profile(self) -> Profile:
        return self.provider.profile(self.name)


@dataclass(frozen=True)
class Candidate:
    """A model of a chain, with what the chain says of it."""

    model: Model
    patience: Patience = field(default_factory=Patience)
    longer: bool = False


class Models:
    """`providers` in the order of preference; `chosen` is the configured default, if any.

    `fallbacks` follow the default, `aliases` stand for chains of their own.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        chosen: str | None,
        fallbacks: Sequence[Step] = (),
        aliases: Mapping[str, Sequence[Step]] | None = None,
    ) -> None:
        self._providers = providers
        self._chosen = chosen or next(iter(providers))
        self._fallbacks = fallbacks
        self._aliases = aliases or {}
        self._default: Model | None = None
        steps = [*fallbacks, *(step for several in self._aliases.values() for step in several)]
        self._configured = {self._chosen, *(step.model for step in steps)}
        self._listings = [_Listing(provider) for provider in providers.values()]

    def resolve(self, wanted: str | None) -> Sequence[Candidate]:
        """Whom to ask for a caller's word, in turn. A provider's bare name means its default model.

        A model that a caller names is asked alone, unless it is the server's default.

        Raises:
            UnknownModel: no provider of that name is configured.
            ProviderError: the provider was asked for its default and did not say.
        """
        wanted = wanted or self._chosen
        if wanted in self._aliases:
            return [self._candidate(step) for step in self._aliases[wanted]]
        if wanted == self._chosen:
            return [Candidate(self.default()), *map(self._candidate, self._fallbacks)]
        return [Candidate(self._named(wanted))]

    def _candidate(self, step: Step) -> Candidate:
        patience = Patience(step.first_byte, step.read)
        return Candidate(self._named(step.model), patience, step.longer)

    def default(self) -> Model:
        """Asked of its provider once, if the configuration does not say it. Raises as `resolve`."""
        if self._default is None:
            first = self._aliases.get(self._chosen)
            self._default = self._named(first[0].model if first else self._chosen)
        return self._default

    @property
    def aliases(self) -> Mapping[str, Sequence[str]]:
        """For each the models of its chain."""
        return {name: [step.model for step in steps] for name, steps in self._aliases.items()}

    def default_id(self) -> str | None:
        """What to call the default by, None while its provider does not say it."""
        if self._chosen in self._aliases:
            return self._chosen
        with gevent.Timeout(_PATIENCE, False):  # type: ignore[arg-type]  # the block just ends
            try:
                return self.default().id
            except ProviderError:
                pass
        return None

    def configured(self, model_id: str) -> bool:
        """Whether it is the default, or the configuration names it, and not a caller alone."""
        default = self._default
        return model_id in self._configured or (default is not None and default.id == model_id)

    def every(self) -> Sequence[Model]:
        """What the providers list, asked side by side; one that never answered is left out."""
        jobs = [job for listing in self._listings if (job := listing.refreshing())]
        gevent.joinall(jobs, timeout=_PATIENCE)
        return [model for listing in self._listings for model in listing.models]

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


def permitted(account: Account, chain: Sequence[Candidate]) -> Sequence[Candidate]:
    """Raises NotAllowed where the key may use none of them."""
    found = [candidate for candidate in chain if allowed(account, candidate.model.id)]
    if not found:
        raise NotAllowed(f"This key may not use the model {chain[0].model.id}.")
    return found


class _Listing:
    """One provider's list. It is asked for by one caller at a time; an old one beats none."""

    def __init__(self, provider: Provider) -> None:
        self.models: Sequence[Model] = ()
        self._provider = provider
        self._asked: float | None = None
        self._failed = False
        self._job: gevent.Greenlet[[], None] | None = None

    def refreshing(self) -> gevent.Greenlet[[], None] | None:
        """The asking that is under way; None where the list is young."""
        holds = _RETRY if self._failed else _FRESH
        stale = self._asked is None or self._asked < time.monotonic() - holds
        if self._job is None and stale:
            self._job = gevent.spawn(self._ask)
        return self._job

    def _ask(self) -> None:
        self._failed = True
        try:
            self.models = [Model(self._provider, name) for name in self._provider.models()]
            self._failed = False
        except ProviderError:
            pass
        finally:
            self._asked, self._job = time.monotonic(), None
