"""Readers of our runs that sit at other workers: they count, though they read from Redis."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from app.cluster.bus import Bus
from app.runs.reader import Reader
from app.runs.run import Run

_EARLY = 1_000  # words that came before their run; they come milliseconds before it, if at all

# A run's id, and the process where it is read.
_Place = tuple[str, str]


class Visitors:
    """`find` gives a run of this worker."""

    def __init__(self, bus: Bus, find: Callable[[str], Run | None]) -> None:
        self._find = find
        self._present: dict[_Place, tuple[Run, Reader]] = {}
        self._early: OrderedDict[_Place, None] = OrderedDict()
        bus.on("join", self._join)
        bus.on("leave", self._leave)
        bus.on("stop", self._stop)

    def started(self, run: Run) -> None:
        """A run is there now. Who sent its request to another worker, too, may have been faster."""
        for place in [place for place in self._early if place[0] == run.id]:
            del self._early[place]
            self._enter(place, run)

    def gone(self, process: str) -> None:
        """A worker has died, and whoever read there."""
        for place in [place for place in self._present if place[1] == process]:
            self._exit(place)

    def _join(self, said: Mapping[str, Any]) -> None:
        place = said["run_id"], said["process"]
        run = self._find(said["run_id"])
        if run is not None:
            self._enter(place, run)
            return
        self._early[place] = None
        if len(self._early) > _EARLY:
            self._early.popitem(last=False)

    def _enter(self, place: _Place, run: Run) -> None:
        self._present = {at: who for at, who in self._present.items() if not who[0].ended}
        if place not in self._present and not run.ended:
            self._present[place] = run, Reader(run)

    def _leave(self, said: Mapping[str, Any]) -> None:
        self._early.pop((said["run_id"], said["process"]), None)
        self._exit((said["run_id"], said["process"]))

    def _exit(self, place: _Place) -> None:
        if present := self._present.pop(place, None):
            present[1].close()

    def _stop(self, said: Mapping[str, Any]) -> None:
        if run := self._find(said["run_id"]):
            run.stop()
