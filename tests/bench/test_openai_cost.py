"""What a token costs in OpenAI's format, beside one in our own."""

from __future__ import annotations

from statistics import median

import pytest

from bench.measures import PACED, UNPACED, Figures, Sizes, work
from bench.servers import PARLEY, PARLEY_AS_OPENAI, Server
from bench.serving import serving


def measured(server: Server) -> dict[str, float]:
    figures = Figures()
    with serving(server) as running:
        work(running, Sizes(), figures)
    assert not figures.faults
    return figures.values


@pytest.mark.prove
def test_a_token_costs_little_more(capsys: pytest.CaptureFixture[str]) -> None:
    """At most 1.15 times the CPU per token of the native stream, median of five in turns."""
    rounds = [(measured(PARLEY_AS_OPENAI), measured(PARLEY)) for _ in range(5)]
    ratios = {
        name: [theirs[name] / ours[name] for theirs, ours in rounds] for name in (UNPACED, PACED)
    }
    with capsys.disabled():
        for name, found in ratios.items():
            print(f"\n    {name}: {', '.join(f'{ratio:.2f}' for ratio in found)} times")
    assert all(median(found) <= 1.15 for found in ratios.values())
