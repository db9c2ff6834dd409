"""Figures that nobody counts: they are looked up when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Figures: TypeAlias = Mapping[tuple[str, ...], float]  # by the values of the labels


class Asked(Collector):
    """One gauge."""

    def __init__(
        self, name: str, said: str, labels: tuple[str, ...], figures: Callable[[], Figures]
    ) -> None:
        self._name = name
        self._said = said
        self._labels = labels
        self._figures = figures

    def describe(self) -> list[Metric]:
        """Said without a look: a registry wants to know the name before there is anything."""
        return [self._family()]

    def collect(self) -> Iterator[Metric]:
        family = self._family()
        for values, figure in self._figures().items():
            family.add_metric(values, figure)
        yield family

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(self._name, self._said, labels=self._labels)
