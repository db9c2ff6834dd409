"""The folder that workers share: nothing that was counted is lost, nothing grows."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.metrics import together
from tests.metrics.figures import Figures, figures

_COUNTING = """
import sys
from prometheus_client import Counter, Gauge, Histogram
Counter("parley_runs", "r", ["provider", "state"]).labels("demo", "done").inc(int(sys.argv[1]))
Histogram("parley_first_token_seconds", "f", ["provider"]).labels("demo").observe(0.3)
Gauge("parley_open_streams", "o", multiprocess_mode="livesum").inc(int(sys.argv[1]))
"""


def counted(folder: Path, amount: int) -> int:
    """Have a process count so much, and die. Its id."""
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", _COUNTING, str(amount)], env={**os.environ, **environment}
    ) as process:
        assert process.wait(timeout=60) == 0
    return process.pid


def read(folder: Path) -> Figures:
    return figures(together.figures(str(folder)).decode())


def test_what_the_dead_have_counted_stays(tmp_path: Path) -> None:
    """Counters and histograms go on with what buried workers had; of their gauges nothing is left,
    and neither are their files.
    """
    first, second = counted(tmp_path, 2), counted(tmp_path, 3)
    before = read(tmp_path)
    assert before["parley_runs_total", "demo", "done"] == 5
    assert before[("parley_open_streams",)] == 5
    assert together.bury(str(tmp_path), {second})
    after = read(tmp_path)
    assert after[("parley_open_streams",)] == 3
    assert not list(tmp_path.glob(f"*_{first}.db"))
    for name, value in before.items():
        if "_total" in name[0] or "first_token" in name[0]:
            assert after[name] == value, name


def test_burying_again_adds_nothing(tmp_path: Path) -> None:
    """However many die, the folder has one file of a kind for all of them."""
    for amount in (1, 2, 4):
        counted(tmp_path, amount)
        together.bury(str(tmp_path), ())
        together.bury(str(tmp_path), ())
    assert read(tmp_path)["parley_runs_total", "demo", "done"] == 7
    assert sorted(file.name for file in tmp_path.glob("*.db")) == [
        "counter_gone.db",
        "histogram_gone.db",
    ]


def test_nobody_waits_for_a_reader(tmp_path: Path) -> None:
    """While figures are read a burial is put off, so that nothing is counted twice or lost."""
    counted(tmp_path, 1)
    with (tmp_path / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert not together.bury(str(tmp_path), ())
    assert together.bury(str(tmp_path), ())


@pytest.mark.parametrize("living", [(), (1, 2)])
def test_an_empty_folder_is_no_trouble(tmp_path: Path, living: tuple[int, ...]) -> None:
    """There is nothing to read and nothing to bury."""
    assert together.bury(str(tmp_path), living)
    assert read(tmp_path) == {}
