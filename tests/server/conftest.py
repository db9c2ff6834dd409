"""The proofs quote what they have measured."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Quote = Callable[[str], None]


@pytest.fixture
def quote(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Quote:
    """Writes a line to the terminal; the small versions of the proofs stay silent."""

    def write(line: str) -> None:
        if request.node.get_closest_marker("prove"):
            with capsys.disabled():
                print(f"\n    {line}", flush=True)

    return write
