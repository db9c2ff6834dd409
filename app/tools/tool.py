"""A tool as everybody who calls one knows it: what a model is told, and how it is carried out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.accounts import Account

# What both vendors take as the name of a tool.
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


class BadArguments(ValueError):
    """What a model sent does not fit. `sentences` say to it, by field, what to change."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


class ToolFailed(Exception):
    """A tool did not do what it was asked; `sentence` says to the model why, and what helps."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Fetched:
    """What was found at `url`, to which redirects may have led. `media_type` is as text/html."""

    url: str
    media_type: str
    charset: str | None
    content: bytes


class Fetch(Protocol):
    """A GET of what a caller or a model names, from public addresses alone."""

    def __call__(self, url: str, accept: str, limit: int, seconds: float) -> Fetched:
        """At most `limit` bytes, within `seconds`. Raises BadInput with a sentence."""


class Search(Protocol):
    """The caller's own conversations in which a text occurs, the newest first."""

    def __call__(self, query: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Of each `conversation_id`, `title`, `updated_at` (ISO 8601) and `said`: passages."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a call may use of its surroundings. `deadline` is on time.monotonic()'s clock.

    `fetch` and `search` may be used from any thread.
    """

    account: Account
    run_id: str
    conversation_id: str | None
    deadline: float
    fetch: Fetch = field(repr=False)
    search: Search = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """`parameters` is the JSON Schema of an object. `seconds` is the longest that a call may take.

    `load` makes of a model's text the arguments as JSON values that fit, or raises BadArguments.
    `call` takes what `load` returned and gives a text or another JSON value; it raises ToolFailed,
    and anything else is a mistake in the tool of which a model hears nothing but that it is one.

    Who calls must hold `scope`, if there is one. `approval`: a person must agree to each call.
    `parallel`: calls may be under way beside others of one answer. `cooperative`: it computes
    little, waits by way of gevent, and is ended by its greenlet; all others belong in a thread.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    load: Callable[[str], dict[str, Any]] = field(repr=False)
    call: Callable[[dict[str, Any], Scene], Any] = field(repr=False)
    seconds: float = 30.0
    approval: bool = False
    parallel: bool = False
    scope: str | None = None
    cooperative: bool = False
