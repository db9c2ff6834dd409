"""What a model's name orders, as words joined by dashes."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import formatdate

from tests.upstream.answers import Call

_BEFORE = re.compile(r"(slow|flaky)-([\d.]+)-(.+)")
_DEFAULT = 5


@dataclass(frozen=True)
class Order:
    """`slow` seconds pass before the headers, the first `flaky` calls get a 503, then comes `kind`.

    `count` is its number (tokens, calls of tools, a status), `gap` the seconds between two tokens,
    `variant` the vendor whose form an error has, `wait` what a Retry-After says, `said` the call of
    a tool that a test has written itself, as it has the `texts` of an answer, or all its `calls`.
    """

    kind: str
    count: int = _DEFAULT
    gap: float = 0.0
    variant: str = ""
    wait: str = ""
    slow: float = 0.0
    flaky: int = 0
    said: Call | None = None
    texts: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()


def parse(model: str) -> Order:
    name, slow, flaky = model.rsplit("/", 1)[-1], 0.0, 0
    while found := _BEFORE.fullmatch(name):
        slow = float(found[2]) if found[1] == "slow" else slow
        flaky = int(found[2]) if found[1] == "flaky" else flaky
        name = found[3]
    name, _, wait = name.partition("-wait-")
    kind, *words = name.split("-")
    numbers = [int(word) for word in words if word.isdigit()]
    variant = next((word for word in words if not word.isdigit()), "")
    count = numbers[0] if numbers else _DEFAULT
    return Order(kind, count, (numbers[1:] or [0])[0] / 1e6, variant, wait, slow, flaky)


def wait_header(wait: str) -> str:
    """The header line for `-wait-…`: `date-N` is a date in N seconds, `ms-N` OpenAI's header in
    milliseconds, and everything else is sent as it stands.
    """
    unit, _, number = wait.partition("-")
    if unit == "date":
        return f"Retry-After: {formatdate(time.time() + float(number), usegmt=True)}\r\n"
    if unit == "ms":
        return f"retry-after-ms: {number}\r\n"
    return f"Retry-After: {wait}\r\n" if wait else ""
