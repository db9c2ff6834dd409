"""A circuit breaker for each model: who fails too often is left alone, then asked once.

Closed, calls pass. When half of the calls of the last half minute have failed, ten at least, it
opens: calls are refused at once. After a pause it is half open and admits exactly one probe; if
that is heard the circuit closes, if not the pause doubles.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from app.errors import Paused, ProviderError, ProviderTimeout
from app.providers.base import Call, CircuitState

_MOST = 1_000  # circuits that are remembered; a caller may name any model


@dataclass(frozen=True)
class Threshold:
    """When a circuit opens, and for how long. Times in seconds."""

    window: float = 30.0
    calls: int = 10
    rate: float = 0.5
    pause: float = 5.0
    longest_pause: float = 60.0


class _Circuit:
    def __init__(self) -> None:
        self.outcomes: deque[tuple[float, bool]] = deque(maxlen=100)
        self.open_until: float | None = None
        self.pause = 0.0
        self.probe: _Call | None = None


class _Call(Call):
    """One admitted call, and what is known of its outcome."""

    def __init__(self) -> None:
        self.was_heard = False
        self.on_heard: Callable[[], None] = lambda: None

    def heard(self) -> None:
        if not self.was_heard:
            self.was_heard = True
            self.on_heard()


class MemoryBreakers:
    """The circuits of this process, by provider and model."""

    def __init__(
        self, threshold: Threshold | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = threshold or Threshold()
        self._clock = clock
        self._circuits: OrderedDict[tuple[str, str], _Circuit] = OrderedDict()

    @contextmanager
    def call(self, provider: str, model: str) -> Iterator[Call]:
        """Admit one call and note its outcome. Raises Paused: it was not admitted."""
        circuit = self._circuit(provider, model)
        call = self._admit(circuit, provider, model)
        try:
            yield call
        except ProviderError as error:
            if _counts(error):
                self._failed(circuit, call)
            else:
                call.heard()  # it answered, if only to refuse
            raise
        finally:
            if circuit.probe is call:  # it ended without a word: the next one may try
                circuit.probe = None
        if call.was_heard:
            circuit.outcomes.append((self._clock(), True))

    def states(self) -> Mapping[tuple[str, str], CircuitState]:
        """Of every model that was called lately."""
        return {name: self._state(circuit) for name, circuit in self._circuits.items()}

    def _circuit(self, provider: str, model: str) -> _Circuit:
        circuit = self._circuits.setdefault((provider, model), _Circuit())
        self._circuits.move_to_end((provider, model))
        if len(self._circuits) > _MOST:
            self._circuits.popitem(last=False)
        return circuit

    def _state(self, circuit: _Circuit) -> CircuitState:
        if circuit.open_until is None:
            return "closed"
        return "open" if self._clock() < circuit.open_until else "half_open"

    def _admit(self, circuit: _Circuit, provider: str, model: str) -> _Call:
        call = _Call()
        if circuit.open_until is None:
            return call
        wait = circuit.open_until - self._clock()
        if wait > 0 or circuit.probe is not None:
            raise Paused(
                f"{provider} has failed too often with {model} and is left alone for a moment.",
                provider=provider,
                model=model,
                retry_after=max(wait, 1.0),
            )
        circuit.probe = call
        call.on_heard = lambda: self._close(circuit)
        return call

    def _close(self, circuit: _Circuit) -> None:
        circuit.open_until, circuit.probe, circuit.pause = None, None, 0.0
        circuit.outcomes.clear()

    def _failed(self, circuit: _Circuit, call: _Call) -> None:
        now = self._clock()
        circuit.outcomes.append((now, False))
        if circuit.probe is call:
            self._open(circuit, min(circuit.pause * 2, self._threshold.longest_pause))
        elif circuit.open_until is None and self._too_many(circuit, now):
            self._open(circuit, self._threshold.pause)

    def _open(self, circuit: _Circuit, pause: float) -> None:
        circuit.open_until, circuit.pause = self._clock() + pause, pause

    def _too_many(self, circuit: _Circuit, now: float) -> bool:
        lately = [ok for at, ok in circuit.outcomes if at > now - self._threshold.window]
        failed = lately.count(False)
        enough = len(lately) >= self._threshold.calls
        return enough and failed >= self._threshold.rate * len(lately)


def _counts(error: ProviderError) -> bool:
    """Not what a caller got wrong, nor our own deadline."""
    ours = isinstance(error, ProviderTimeout) and error.limit == "deadline"
    return error.retryable and not ours
