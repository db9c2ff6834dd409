"""What a request needs, against what a model can do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from app.errors import BadInput
from app.profiles import Profile
from app.providers.base import ModelRequest

_Problem = tuple[str, str]  # a field of the caller's, and a sentence


def check(request: ModelRequest, profile: Profile) -> None:
    """Compare the two, before anybody is asked.

    Raises:
        BadInput: the model cannot do it; `errors` names each field that asks too much.
    """
    problems = dict(chain(_input(request, profile), _output(request, profile)))
    if problems:
        errors = {field: [sentence] for field, sentence in problems.items()}
        raise BadInput(" ".join(problems.values()), errors=errors)


def _input(request: ModelRequest, profile: Profile) -> Iterator[_Problem]:
    if not profile.images and any(message.images for message in request.messages):
        yield "images", "This model cannot see images, and there is one in this conversation."
    if request.tools and not profile.tools:
        yield "tools", "This model cannot call tools."
    elif not profile.strict_schema and any(tool.strict for tool in request.tools):
        yield "tools", "This model cannot promise to keep to a schema, as a strict tool asks."


def _output(request: ModelRequest, profile: Profile) -> Iterator[_Problem]:
    most, effort = profile.max_output_tokens, request.reasoning_effort
    if most and request.max_output_tokens and request.max_output_tokens > most:
        yield "max_output_tokens", f"This model writes {most} tokens at most."
    if request.temperature not in (None, 1):
        if profile.temperature == "no":
            yield "temperature", "This model takes no temperature but 1."
        elif profile.temperature == "without_reasoning" and effort:
            yield "temperature", "This model takes no temperature but 1 where it reasons."
    if effort and not profile.reasoning:
        yield "reasoning_effort", "This model does not reason, so there is no effort to choose."
    elif effort and request.tools and not profile.reasoning_with_tools:
        yield "reasoning_effort", "This model does not reason where it has tools."
