"""Prompts as callers use them: listed, and carried out with their values filled in.

A prompt is asked as the first turn of a conversation of its own, which lists do not show: whatever
holds for a chat holds for it, and its answer can be talked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.accounts import Account
from app.errors import BadInput, NotAllowed
from app.runs.run import Run
from app.services.chat import Chat
from app.services.extraction.extraction import Extraction
from app.services.extraction.request import Request
from app.services.turns import Ask
from app.templating.catalogue import Catalogue
from app.templating.front_matter import FrontMatter
from app.templating.prompt import Mark, Prompt

_SETTINGS = ("model", "temperature", "max_output_tokens")
# What an extraction can be asked with.
_OF_DATA = {*_SETTINGS, "on_disconnect"}


class Prompts:
    """The use case."""

    def __init__(
        self, catalogue: Catalogue, mark: Mark, chat: Chat, extraction: Extraction
    ) -> None:
        self._catalogue = catalogue
        self._mark = mark
        self._chat = chat
        self._extraction = extraction

    def every(self) -> Sequence[FrontMatter]:
        """By name, the newest version of each first."""
        return [prompt.about for prompt in self._catalogue.every()]

    def run(
        self,
        account: Account,
        name: str,
        version: str | None,
        body: Mapping[str, Any],
        *,
        partials: bool,
    ) -> tuple[FrontMatter, Run]:
        """Ask the prompt with a body's `variables`; its other fields are a chat's settings.

        Where the answer is data the run is an extraction's, `partials` and all.

        Raises:
            NotFound: there is no such prompt.
            NotAllowed: it is not for this account.
            BadInput: not in this version, or a variable is not right.
            ParleyError: as Chat.ask and Extraction.start.
        """
        prompt = self._catalogue.find(name, version)
        scope = "chat" if prompt.about.output == "text" else "extract"
        if scope not in account.scopes:
            raise NotAllowed(f"The prompt {name} needs a key with the scope {scope}.")
        values = prompt.load(body["variables"])
        if prompt.about.output == "data":
            request = _request(prompt, values, body)
            return prompt.about, self._extraction.start(account, request, partials=partials)
        written = prompt.write(values, self._mark)
        settings = _settings(prompt.about, body)
        ask = Ask.of(
            {**settings, "message": written.user, "system": written.system, "prompt": prompt.id}
        )
        return prompt.about, self._chat.ask(account, ask)


def _request(prompt: Prompt, values: Mapping[str, Any], body: Mapping[str, Any]) -> Request:
    settings = _settings(prompt.about, body)
    if strange := sorted(name for name in settings.keys() - _OF_DATA if settings[name]):
        said = f"The prompt {prompt.about.name} answers with data, and takes this not."
        raise BadInput(said, errors={name: [said] for name in strange})
    written, schema = prompt.read(values), prompt.about.schema
    assert schema is not None
    about = {"schema": schema, "instructions": written.system, "prompt": prompt.id}
    asked = {name: settings.get(name) for name in _OF_DATA}
    return Request.of({**asked, **about, "text": written.user})


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
