"""Figures as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Figures = Mapping[tuple[str, ...], float]


def figures(text: str) -> Figures:
    """Every sample, by its name and the values of its labels in the order of their names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(seen: Figures, name: str) -> float:
    """The sum over all labels."""
    return sum(value for key, value in seen.items() if key[0] == name)
