"""The text that a model wrote as the arguments of a call, read; and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from app.tools.tool import BadArguments

_LONGEST = 200_000  # bytes
_MOST_SENTENCES = 20
# marshmallow's own names for places that a model knows no name of.
_UNNAMED = {"value", "key", "_schema"}


def read(text: str) -> dict[str, Any]:
    """The JSON object; a text that is blank is one without fields. Raises BadArguments."""
    try:
        size = len(text.encode())
        if size > _LONGEST:
            raise BadArguments([f"The arguments have {size:,} bytes; {_LONGEST:,} are allowed."])
        found = msgspec.json.decode(text) if text.strip() else {}
    except UnicodeEncodeError as error:
        raise BadArguments(["The arguments hold half of a surrogate pair."]) from error
    except RecursionError as error:
        raise BadArguments(["The arguments are nested too deeply."]) from error
    except msgspec.DecodeError as error:
        raise BadArguments([f"The arguments are not valid JSON: {error}."]) from error
    if not isinstance(found, dict):
        raise BadArguments(["The arguments must be a JSON object."])
    return found


def refusal(messages: Any) -> BadArguments:
    """Of marshmallow's tree of messages."""
    found = list(_sentences(messages, ()))
    more = len(found) - _MOST_SENTENCES
    return BadArguments([*found[:_MOST_SENTENCES], *([f"And {more} more."] if more > 0 else [])])


def placed(path: Sequence[str | int], sentence: str) -> str:
    return f"{'.'.join(map(str, path))}: {sentence}" if path else sentence


def _sentences(messages: Any, path: Sequence[str]) -> Iterator[str]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            here = path if name in _UNNAMED else (*path, str(name)[:80])
            yield from _sentences(inner, here)
    else:
        yield from (placed(path, str(said)) for said in messages)
