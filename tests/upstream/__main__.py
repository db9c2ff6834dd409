"""The faulty model server for a person who wants to see Parley survive: `make faults`."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

import gevent  # noqa: E402
from gevent.event import Event  # noqa: E402

from tests.upstream.catalogue import CATALOGUE  # noqa: E402
from tests.upstream.server import Upstream  # noqa: E402

_HELP = """\
A model server that fails on demand, at {url}. Ctrl-C ends it.

Start Parley against it in another terminal:

    OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=any \\
    ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=any make run

and ask for a fault by the model's name, on the page or with

    curl -N http://127.0.0.1:8000/api/chat/stream -H 'Content-Type: application/json' \\
      -d '{{"message": "Hi", "model": "openai/cut-3"}}'

    anthropic/… is the same in Anthropic's format. Numbers are yours to choose.

{table}
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.upstream")
    parser.add_argument("port", type=int, nargs="?", default=9009)
    port = parser.parse_args().port
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, ended.set)
    try:
        with Upstream(address=("127.0.0.1", port), listed=_models(), told=_tell) as upstream:
            print(_HELP.format(url=upstream.url, table=_table()), flush=True)
            ended.wait()
    except OSError as error:
        print(f"Cannot listen on port {port}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


def _models() -> list[str]:
    return [entry.model for entry in CATALOGUE]


def _tell(model: str, call: int) -> None:
    print(f"{model}, call {call}", flush=True)


def _table() -> str:
    width = max(map(len, _models()))
    return "\n".join(
        f"    {entry.model:{width}}  {entry.code or 'whole':24}{entry.does}" for entry in CATALOGUE
    )


if __name__ == "__main__":
    sys.exit(main())
