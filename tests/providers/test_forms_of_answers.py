"""How each wire format asks for an answer's form, its stops and its chance."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.messages import user
from app.providers import chat_completions_body, messages_api_body
from app.providers.base import ModelRequest, Output

_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
_PLAIN = ModelRequest(model="m", messages=(user("Hello"),))
_OUTPUTS = [
    Output(),
    Output(name="a", schema=_SCHEMA),
    Output(name="a", schema=_SCHEMA, strict=True),
]


def openai(**fields: Any) -> dict[str, Any]:
    request = msgspec.structs.replace(_PLAIN, **fields)
    return chat_completions_body.body(request, limit_field="max_tokens")


def anthropic(**fields: Any) -> dict[str, Any]:
    return messages_api_body.body(msgspec.structs.replace(_PLAIN, **fields))


def test_what_nobody_asked_for_is_not_sent() -> None:
    """A body has no field that the request leaves open: not every server knows them all."""
    assert set(openai()) == {"model", "messages", "stream", "stream_options"}
    assert set(anthropic()) == {"model", "messages", "max_tokens", "stream"}


def test_stops_and_chance() -> None:
    """OpenAI's format takes all; Anthropic's takes the stops, and has nothing for the rest."""
    asked: dict[str, Any] = {"stop": ("END",), "seed": 0, "top_p": 0.0}
    assert {"stop": ["END"], "seed": 0, "top_p": 0.0}.items() <= openai(**asked).items()
    assert anthropic(**asked) == {**anthropic(), "stop_sequences": ["END"]}


@pytest.mark.parametrize("output", _OUTPUTS)
def test_the_form_in_openais_format(output: Output) -> None:
    """Any object, or one by a schema, as strictly as is asked."""
    said = openai(output=output)["response_format"]
    if output.schema is None:
        assert said == {"type": "json_object"}
    else:
        form = {"name": "a", "schema": _SCHEMA, "strict": output.strict}
        assert said == {"type": "json_schema", "json_schema": form}


@pytest.mark.parametrize("output", _OUTPUTS)
def test_the_form_in_anthropics(output: Output) -> None:
    """A strict schema alone; beside an effort both stand in one object."""
    form = {"format": {"type": "json_schema", "schema": _SCHEMA}} if output.strict else {}
    assert anthropic(output=output).get("output_config", {}) == form
    said = anthropic(output=output, reasoning_effort="low")["output_config"]
    assert said == {"effort": "low", **form}


def test_a_count_has_no_stops() -> None:
    """What asks for a count of tokens has no field that only an answer has."""
    request = msgspec.structs.replace(_PLAIN, stop=("END",))
    assert set(messages_api_body.counted(request)) == {"model", "messages"}
