"""A circuit breaker for each model: who fails too often is left alone, then asked once.

Closed, calls pass. When half of the calls of the last half minute have failed, ten at least, it
opens: calls are refused at once. After a pause it is half open and admits exactly one probe; if
that is heard the circuit closes, if not the pause doubles. Workers that share their circuits open
and close them together, and send one probe together.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from app.errors import Paused, ProviderError, ProviderTimeout
from app.providers.base import Call, CircuitState
from app.providers.circuits import Circuits, OwnCircuits

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
    def __init__(self, provider: str, model: str) -> None:
        self.name = provider, model
        self.outcomes: deque[tuple[float, bool]] = deque(maxlen=100)
        self.open_until: float | None = None
        self.pause = 0.0
        self.probe: _Call | None = None


class _Call(Call):
    """One admitted call, as a block, and what is known of its outcome."""

    __slots__ = ("_breakers", "circuit", "has_failed", "is_probe", "was_heard")

    def __init__(self, breakers: MemoryBreakers, circuit: _Circuit) -> None:
        self.circuit = circuit
        self.was_heard = False
        self.is_probe = False
        self.has_failed = False
        self._breakers = breakers

    def heard(self) -> None:
        if not self.was_heard:
            self.was_heard = True
            if self.is_probe:
                self._breakers.recovered(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._breakers.over(self, error)


class MemoryBreakers:
    """The circuits of this process, by provider and model."""

    def __init__(
        self, threshold: Threshold | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = threshold or Threshold()
        self._clock = clock
        self._circuits: OrderedDict[tuple[str, str], _Circuit] = OrderedDict()
        self._shared: Circuits = OwnCircuits()

    def share(self, circuits: Circuits) -> None:
        """Tell other workers from now on, and hear them."""
        self._shared = circuits
        circuits.on_news(self._told)

    def call(self, provider: str, model: str) -> _Call:
        """Admit one call and note its outcome. Raises Paused: it was not admitted."""
        return self._admit(self._circuit(provider, model))

    def recovered(self, probe: _Call) -> None:
        """A probe was answered: other calls may pass, everywhere."""
        self._close(probe.circuit)
        self._shared.tell(*probe.circuit.name, 0.0)
        self._end(probe)

    def over(self, call: _Call, error: BaseException | None) -> None:
        """A call has ended, or `error` has ended it."""
        try:
            if isinstance(error, ProviderError) and _counts(error):
                self._failed(call)
            elif isinstance(error, ProviderError):
                call.heard()  # it answered, if only to refuse
        finally:
            if call.is_probe:
                self._end(call)
        if error is None and call.was_heard:
            call.circuit.outcomes.append((self._clock(), True))

    def states(self) -> Mapping[tuple[str, str], CircuitState]:
        """Of every model that was called lately."""
        return {name: self._state(circuit) for name, circuit in self._circuits.items()}

    def _circuit(self, provider: str, model: str) -> _Circuit:
        circuit = self._circuits.setdefault((provider, model), _Circuit(provider, model))
        self._circuits.move_to_end((provider, model))
        if len(self._circuits) > _MOST:
            self._circuits.popitem(last=False)
        return circuit

    def _state(self, circuit: _Circuit) -> CircuitState:
        if circuit.open_until is None:
            return "closed"
        return "open" if self._clock() < circuit.open_until else "half_open"

    def _admit(self, circuit: _Circuit) -> _Call:
        call = _Call(self, circuit)
        if circuit.open_until is None:
            return call
        wait = circuit.open_until - self._clock()
        if wait > 0 or circuit.probe is not None:
            raise _paused(circuit, wait)
        circuit.probe, call.is_probe = call, True  # before anybody else gets a turn
        try:
            claimed = self._shared.claim(*circuit.name)
        except BaseException:
            self._end(call)
            raise
        if not claimed:
            circuit.probe = None
            raise _paused(circuit, wait)
        return call

    def _close(self, circuit: _Circuit) -> None:
        circuit.open_until, circuit.probe, circuit.pause = None, None, 0.0
        circuit.outcomes.clear()

    def _failed(self, call: _Call) -> None:
        circuit, now = call.circuit, self._clock()
        circuit.outcomes.append((now, False))
        if circuit.probe is call:
            call.has_failed = True
            self._open(circuit, min(circuit.pause * 2, self._threshold.longest_pause))
        elif circuit.open_until is None and self._too_many(circuit, now):
            self._open(circuit, self._threshold.pause)
        else:
            return
        self._shared.tell(*circuit.name, circuit.pause)

    def _open(self, circuit: _Circuit, pause: float) -> None:
        circuit.open_until, circuit.pause = self._clock() + pause, pause

    def _end(self, probe: _Call) -> None:
        """The next one may try. If it has failed, once all have heard of it."""
        circuit = probe.circuit
        if circuit.probe is probe:
            circuit.probe = None
        probe.is_probe = False
        self._shared.release(*circuit.name, failed=probe.has_failed)

    def _told(self, provider: str, model: str, pause: float) -> None:
        circuit = self._circuit(provider, model)
        if pause:
            self._open(circuit, pause)
        else:
            self._close(circuit)

    def _too_many(self, circuit: _Circuit, now: float) -> bool:
        lately = [ok for at, ok in circuit.outcomes if at > now - self._threshold.window]
        failed = lately.count(False)
        enough = len(lately) >= self._threshold.calls
        return enough and failed >= self._threshold.rate * len(lately)


def _paused(circuit: _Circuit, wait: float) -> Paused:
    provider, model = circuit.name
    return Paused(
        f"{provider} has failed too often with {model} and is left alone for a moment.",
        provider=provider,
        model=model,
        retry_after=max(wait, 1.0),
    )


def _counts(error: ProviderError) -> bool:
    """Not what a caller got wrong, nor our own deadline."""
    ours = isinstance(error, ProviderTimeout) and error.limit == "deadline"
    return error.retryable and not ours
