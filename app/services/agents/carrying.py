"""One call of a tool, carried out in its time, and what a model is told of it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from gevent import GreenletExit, Timeout

from app.services.agents.isolation import Crowded, isolated
from app.services.agents.shortening import shortened
from app.tools.tool import Scene, Tool, ToolFailed

log = structlog.get_logger()

_SENTENCE = 1_000  # characters of what a tool says that went wrong


@dataclass(frozen=True)
class Outcome:
    """`foreign`: the text is the tool's own, and data."""

    text: str
    is_error: bool = False
    foreign: bool = True


class _Late(Exception):
    """The tool's own time is up."""


def carried_out(
    tool: Tool, arguments: Mapping[str, Any], scene: Scene, seconds: float, most: int
) -> Outcome:
    """Call it, and see that it takes no longer. Its text has `most` characters, at most.

    Killing the greenlet that is in here ends the tool.
    """

    def call() -> str:
        return shortened(_text(tool.call(dict(arguments), scene)), most)

    try:
        with Timeout(max(0.0, seconds), _Late()):
            return Outcome(call() if tool.cooperative else isolated(call))
    except ToolFailed as failed:
        return Outcome(shortened(failed.sentence, _SENTENCE), is_error=True)
    except _Late:
        said = f"It took longer than the {seconds:.3g} seconds that it may, and was ended."
    except Crowded:
        said = "This server carries out as many calls as it can just now. Go on without it."
    except (GreenletExit, Timeout):  # nobody waits for it any more
        raise
    except BaseException as error:  # whatever a tool may raise, and be it SystemExit
        _note(tool.name, error)
        said = "The tool broke, which is a mistake in the tool itself. Go on without it."
    return Outcome(said, is_error=True, foreign=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _note(name: str, error: BaseException) -> None:
    """Where it broke, and not what it said: that may be a caller's own words."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
    log.warning("tool_broke", tool=name, error=type(error).__name__, at=at)
