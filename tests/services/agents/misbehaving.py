"""Tools that do all that a tool must not, as a user's own module may have them."""

from __future__ import annotations

import sys
import time
from typing import Any

import gevent
import requests

from app.tools.own import tool
from app.tools.tool import Scene, ToolFailed

STARTED: list[str] = []
ENDED: list[str] = []


@tool(parallel=True)
def echo(text: str) -> str:
    """Says the same again."""
    return text


@tool(parallel=True, cooperative=True, seconds=60)
def sleep_for_ever(scene: Scene) -> str:
    """Waits, by way of gevent."""
    STARTED.append(scene.run_id)
    try:
        gevent.sleep(3600)
    finally:
        ENDED.append(scene.run_id)
    return "awake"


@tool(parallel=True, seconds=60)
def sleep_in_a_thread() -> str:
    """Waits, as anybody's code does."""
    STARTED.append("thread")
    try:
        time.sleep(3600)
    finally:
        ENDED.append("thread")
    return "awake"


@tool(parallel=True, seconds=60)
def compute_for_ever() -> str:
    """Never lets go of the processor."""
    while True:
        pass


@tool(seconds=60, cooperative=True)
def stubborn() -> str:
    """Does not want to be ended."""
    for _ in range(3):
        try:
            gevent.sleep(1)
        except BaseException:  # that is what is wrong with it
            continue
    return "still here"


@tool(parallel=True)
def huge() -> str:
    """Ten megabytes."""
    return "x" * 10_000_000


@tool(parallel=True)
def raising() -> str:
    """Breaks, and says more than it should."""
    raise RuntimeError("the password is swordfish")


@tool(parallel=True)
def leaving() -> str:
    """Wants the whole process to end."""
    sys.exit(3)


@tool(parallel=True)
def failing() -> str:
    """Says what went wrong."""
    raise ToolFailed("There is no such article. Ask for another one.")


@tool(parallel=True)
def recursing(depth: int = 0) -> str:
    """Calls itself."""
    return recursing(depth + 1)


@tool(parallel=True)
def endless() -> dict[str, Any]:
    """A value that holds itself."""
    value: dict[str, Any] = {}
    value["again"] = value
    return value


@tool(parallel=True)
def late() -> str:
    """Takes its time, which is short."""
    time.sleep(0.3)
    return "late"


@tool(seconds=0.1)
def slow() -> str:
    """Takes longer than it may."""
    time.sleep(30)
    return "slow"


@tool
def in_turn(number: int) -> str:
    """Not to be called beside others."""
    STARTED.append(f"in {number}")
    time.sleep(0.02)
    ENDED.append(f"in {number}")
    return str(number)


@tool(approval=True)
def delete_everything(what: str) -> str:
    """Needs a person's word."""
    STARTED.append(f"delete {what}")
    return f"deleted {what}"


@tool(approval=True, parallel=True)
def send(to: str) -> str:
    """Needs a person's word, and may be called beside others."""
    STARTED.append(f"send {to}")
    return f"sent to {to}"


@tool(parallel=True, seconds=60)
def download(url: str) -> str:
    """Reads what never ends."""
    STARTED.append("download")
    return requests.get(url, timeout=3600).text


@tool(scope="admin")
def for_admins() -> str:
    """Only for keys with the scope admin."""
    STARTED.append("admin")
    return "done"
