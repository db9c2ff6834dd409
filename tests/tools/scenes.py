"""Surroundings for calls in the tests."""

from __future__ import annotations

import time
from typing import Any, NoReturn

from app.accounts import Account
from app.tools.own import of
from app.tools.tool import Fetch, Scene, Search, Tool

ADA = Account(owner="ada")


def _nothing(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("this tool asks for nothing")


def scene(
    fetch: Fetch = _nothing, search: Search = _nothing, account: Account = ADA, seconds: float = 30
) -> Scene:
    return Scene(
        account=account,
        run_id="run_1",
        conversation_id=None,
        deadline=time.monotonic() + seconds,
        fetch=fetch,
        search=search,
    )


def made(function: Any) -> Tool:
    """The tool of a function that is marked as one."""
    tool = of(function)
    assert tool is not None
    return tool


def called(function: Any, text: str, surroundings: Scene | None = None) -> Any:
    """As an agent calls it, with the text of a model."""
    tool = made(function)
    return tool.call(tool.load(text), surroundings or scene())
