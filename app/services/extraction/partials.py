"""The data of an answer while it is being written, such that a later one takes nothing back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jiter

from app.structure.wire import Wire

# Characters with which a number, or a word such as `true`, may still go on.
_UNFINISHED = "0123456789+-.eE"
# A new one is made when the text has grown by this part: all of them together are then at most
# twenty times as long as the last, however small the pieces. What is longer is shown at its end.
_GROWTH, _LONGEST = 1 / 20, 200_000


class Partials:
    """Of one attempt. `wire` reads what has come so far, and `tell` hears what it is."""

    def __init__(self, wire: Wire, tell: Callable[[Any], None]) -> None:
        self._wire = wire
        self._tell = tell
        self._written: list[str] = []
        self._size = 0
        self._due = 0.0
        self._last: Any = None

    def add(self, text: str) -> None:
        self._written.append(text)
        self._size += len(text)

    def show(self, *, ended: bool = False) -> None:
        """Tell what there is, if it is news."""
        if not ended and not self._due <= self._size <= _LONGEST:
            return
        self._due = self._size * (1 + _GROWTH)
        written = "".join(self._written)
        found = self._read(written if ended else written.rstrip(_UNFINISHED))
        if found in (None, {}, [], self._last) or not extends(self._last, found):
            return
        self._last = found
        self._tell(found)

    def _read(self, written: str) -> Any:
        try:
            value = jiter.from_json(written.encode(), partial_mode="trailing-strings")
        except ValueError:
            return None
        return self._wire.decode(value, whole=False)


def extends(earlier: Any, later: Any) -> bool:
    """Whether all that was said is still said: texts and lists may have grown, objects too."""
    if earlier is None:
        return True
    if isinstance(earlier, str) and isinstance(later, str):
        return later.startswith(earlier)
    if isinstance(earlier, list) and isinstance(later, list):
        return len(later) >= len(earlier) and all(map(extends, earlier, later))
    if isinstance(earlier, dict) and isinstance(later, dict):
        return all(name in later and extends(held, later[name]) for name, held in earlier.items())
    return type(earlier) is type(later) and bool(earlier == later)
