"""The application, with one page more: how many greenlets are alive in its process."""

from __future__ import annotations

import gc

from greenlet import getcurrent, greenlet

from wsgi import app


@app.get("/census")
def census() -> dict[str, int]:
    """Those of this thread: waiting for something, for their turn, or for what will never come."""
    gc.collect()
    here = _root(getcurrent())
    found = [it for it in gc.get_objects() if isinstance(it, greenlet) and not it.dead]
    return {"greenlets": sum(_root(it) is here for it in found)}


def _root(it: greenlet) -> greenlet:
    while it.parent is not None:
        it = it.parent
    return it
