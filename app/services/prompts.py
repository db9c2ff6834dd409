"""Prompts as callers use them: listed, and carried out with their values filled in.

A prompt is asked as the first turn of a conversation of its own, which lists do not show: whatever
holds for a chat holds for it, and its answer can be talked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.accounts import Account
from app.errors import BadInput
from app.runs.run import Run
from app.services.chat import Chat
from app.services.turns import Ask
from app.templating.catalogue import Catalogue
from app.templating.front_matter import FrontMatter
from app.templating.prompt import Mark

_SETTINGS = ("model", "temperature", "max_output_tokens")


class Prompts:
    """The use case."""

    def __init__(self, catalogue: Catalogue, mark: Mark, chat: Chat) -> None:
        self._catalogue = catalogue
        self._mark = mark
        self._chat = chat

    def every(self) -> Sequence[FrontMatter]:
        """By name, the newest version of each first."""
        return [prompt.about for prompt in self._catalogue.every()]

    def run(
        self, account: Account, name: str, version: str | None, body: Mapping[str, Any]
    ) -> tuple[FrontMatter, Run]:
        """Ask the prompt with a body's `variables`; its other fields are a chat's settings.

        Raises:
            NotFound: there is no such prompt.
            BadInput: not in this version, or a variable is not right.
            ParleyError: as Chat.ask.
        """
        prompt = self._catalogue.find(name, version)
        written = prompt.write(prompt.load(body["variables"]), self._mark)
        settings = _settings(prompt.about, body)
        ask = Ask.of(
            {**settings, "message": written.user, "system": written.system, "prompt": prompt.id}
        )
        return prompt.about, self._chat.ask(account, ask)


def _settings(about: FrontMatter, body: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the prompt, where the caller has none."""
    own = {name: getattr(about, name) for name in _SETTINGS}
    asked = {name: value for name, value in body.items() if value is not None}
    del asked["variables"]
    settings = {**own, **asked}
    if settings.get("cache") and settings["temperature"]:
        said = f"The prompt {about.name} has a temperature, and only answers without one are kept."
        raise BadInput(said, errors={"cache": [said]})
    return settings
