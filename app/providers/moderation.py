"""OpenAI's moderation: into which of its categories a text falls."""

from __future__ import annotations

from collections.abc import Set

import httpx2
import msgspec
import openai

from app.errors import ProtocolBroken
from app.providers.faults import Origin, translated

_MODEL = "omni-moderation-latest"
_SECONDS = 10.0


class _Result(msgspec.Struct):
    categories: dict[str, bool | None]


class _Answer(msgspec.Struct):
    results: list[_Result]


def categories(sdk: openai.OpenAI, text: str) -> Set[str]:
    """It costs nothing, and is in no ledger. Raises ProviderError."""
    body = {"model": _MODEL, "input": text}
    with translated(Origin("openai", _MODEL)):
        answer = sdk.with_options(timeout=_SECONDS).post(
            "/moderations", body=body, cast_to=httpx2.Response
        )
    try:
        results = msgspec.json.decode(answer.content, type=_Answer).results
    except msgspec.DecodeError as error:
        said = "OpenAI's moderation did not answer in the form that was agreed."
        raise ProtocolBroken(said, provider="openai", model=_MODEL) from error
    return {name for result in results for name, is_so in result.categories.items() if is_so}
