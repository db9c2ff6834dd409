"""What schemathesis, in a process of its own, is told of this server besides the description."""

from __future__ import annotations

import re
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import schemathesis
from schemathesis import GenerationMode

_EVENT = re.compile(r"^id: (\d+)\nevent: (\w+)$", re.MULTILINE)
_ENDS = {"done", "error"}
# gunicorn refuses longer lines before there is a request that could be answered.
_LONGEST = 4_000
_callers = count(1)
# What names a thing that has to be there, and how the ids of what is there begin.
_NAMING = {
    "model": "demo/",
    "conversation_id": "conv_",
    "parent_id": "msg_",
    "message_id": "msg_",
    "tools": "[]",
    "metadata": "{}",
}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Each comes from an address of its own: whoever guesses keys from one is soon kept out.
    Of those that are right by their form, every other one names nothing that is not there.
    """
    number = next(_callers)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    case.headers = {**(case.headers or {}), "X-Forwarded-For": address}
    right = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if right and number % 2 and isinstance(case.body, dict):
        body = {name: value for name, value in case.body.items() if _is_there(name, value)}
        case.body = body | ({"schema": "contact"} if "schema" in body else {})


def _is_there(name: str, value: Any) -> bool:
    return name not in _NAMING or str(value).startswith(_NAMING[name])


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    url = urlsplit(case.as_transport_kwargs(base_url="http://x")["url"])
    asked = sum(len(str(value)) * 12 for value in (case.query or {}).values())
    return len(url.path) + asked < _LONGEST


@schemathesis.check
def streams_end_once(context: Any, response: Any, case: Any) -> None:
    """A native stream counts without a gap and has one end, which is its last event."""
    events = _EVENT.findall(response.content.decode(errors="replace"))
    if not events:
        return
    first = int(events[0][0])
    assert [int(number) for number, _ in events] == list(range(first, first + len(events)))
    assert [name for _, name in events if name in _ENDS] == [events[-1][1]]
