"""Parley beside its peers, in turns, on this machine: `make bench`.

ROUNDS=5             how many rounds, instead of three
ONLY=parley,fastapi  some of the servers
BENCH_RELAY=command  one server more; `bench/servers.py` says how it is written

LiteLLM's proxy is among them where `litellm` is on the PATH (`pipx install "litellm[proxy]"`), and
takes two or three minutes a round.

The table goes to stdout, the progress to stderr. The exit status is 1 if a stream of any server
failed or lost a token: a figure means nothing then.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

from bench.measures import Figures, Sizes, hold, work
from bench.servers import Server, chosen
from bench.serving import serving
from bench.table import report


def main(servers: list[Server], rounds: int, sizes: Sizes) -> int:
    """Measure, print, and say by the exit status whether the figures hold."""
    taken: dict[str, list[Figures]] = {server.title: [] for server in servers}
    for number in range(rounds):
        for server in servers:
            print(f"round {number + 1} of {rounds}: {server.title}", file=sys.stderr)
            taken[server.title].append(measured(server, sizes))
    rounds_of = {title: [figures.values for figures in several] for title, several in taken.items()}
    bases = [server.title for server in servers if server.base] or [servers[0].title]
    print(report(rounds_of, bases))
    return 1 if any(figures.faults for several in taken.values() for figures in several) else 0


def measured(server: Server, sizes: Sizes) -> Figures:
    """One round of one server, in two processes: memory is that of a fresh one."""
    figures = Figures()
    for part in (work, hold):
        with serving(server) as running:
            part(running, sizes, figures)
    for name, value in figures.values.items():
        print(f"    {name}: {value:.2f}", file=sys.stderr)
    for fault, times in figures.faults.items():
        print(f"    FAULT, {times} times: {fault}", file=sys.stderr)
    return figures


def _prepare() -> None:
    """Enough files for thousands of connections; and a `kill` ends what was started, too."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


if __name__ == "__main__":
    _prepare()
    sys.exit(main(chosen(), int(os.environ.get("ROUNDS", "3")), Sizes()))
