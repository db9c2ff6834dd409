"""Fields of OpenAI's APIs: what is taken, what changes nothing here, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields

from app.messages import Picture

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DATA_URL = re.compile("data:image/(png|jpeg|gif|webp);base64,")
_LONGEST_URL = 2_000
_TEXT = {"type": "string", "minLength": 1}


class Wrong(Exception):
    """A value deep inside of a field is not right."""

    def __init__(self, sentence: str, *path: str | int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.path = path

    def within(self, *outer: str | int) -> Wrong:
        return Wrong(self.sentence, *outer, *self.path)

    def error(self) -> ValidationError:
        """By field, as marshmallow nests them."""
        said: Any = [self.sentence]
        for step in reversed(self.path):
            said = {str(step): said}
        return ValidationError(said)


class Ignored(fields.Raw):
    """What clients send that changes nothing of the answer; the documentation lists it."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, metadata={"description": "taken, and ignored"})


class Unsupported(fields.Field[Any]):
    """Only what it is anyway is taken."""

    def __init__(self, *usual: Any) -> None:
        super().__init__(allow_none=True, metadata={"description": "not supported"})
        self._usual = usual

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if not any(value == usual and type(value) is type(usual) for usual in self._usual):
            raise ValidationError("This is not supported here. Leave it out.")
        return None


class Stops(fields.Field[tuple[str, ...]]):
    """A text or up to four of them."""

    def __init__(self) -> None:
        texts = {"type": "array", "items": _TEXT, "maxItems": 4}
        super().__init__(allow_none=True, metadata={"anyOf": [_TEXT, texts, {"type": "null"}]})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(x, str) and x for x in listed):
            raise ValidationError("Must be a text, or a list of texts, and none of them empty.")
        if len(listed) > 4:
            raise ValidationError("Must not be more than 4 texts.")
        return tuple(listed)


def taken(value: Any, known: Sequence[str], ignored: Sequence[str] = ()) -> dict[str, Any]:
    """An object's members without those that are null. Raises Wrong: one is not known."""
    if not isinstance(value, dict):
        raise Wrong("Must be an object.")
    given = {name: inner for name, inner in value.items() if inner is not None}
    for name in given:
        if name not in known and name not in ignored:
            raise Wrong("This is not known or not supported here. Leave it out.", name)
    return {name: inner for name, inner in given.items() if name in known}


def text_of(value: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Raises Wrong: it is missing, or no text."""
    said = value.get(name, default)
    if not isinstance(said, str):
        raise Wrong("Must be a text.", name)
    return said


def items(value: Any) -> Iterator[tuple[int, Any]]:
    if not isinstance(value, list):
        raise Wrong("Must be a list.")
    return enumerate(value)


def picture(url: Any, *place: str) -> Picture:
    """Raises Wrong. What is inside is looked at when it is there."""
    if not isinstance(url, str):
        raise Wrong("Must be a text.", *place)
    if url.startswith("data:"):
        if not _DATA_URL.match(url):
            form = "data:image/TYPE;base64, where TYPE is png, jpeg, gif or webp"
            raise Wrong(f"A data URL must begin with {form}.", *place)
    elif not url.startswith("https://"):
        raise Wrong("Must begin with https:// or data:.", *place)
    elif len(url) > _LONGEST_URL:
        raise Wrong(f"An address may have {_LONGEST_URL} characters.", *place)
    return Picture(url)


def tool(function: Mapping[str, Any]) -> dict[str, Any]:
    """A function that may be called, as our Tool has it. Raises Wrong."""
    name = text_of(function, "name")
    if not _TOOL_NAME.fullmatch(name):
        raise Wrong("Must be 1 to 64 letters, digits, _ and -.", "name")
    parameters = function.get("parameters", {"type": "object", "properties": {}})
    if not isinstance(parameters, dict):
        raise Wrong("Must be a JSON Schema of an object.", "parameters")
    return {
        "name": name,
        "description": text_of(function, "description", ""),
        "parameters": parameters,
        "strict": flag(function, "strict"),
    }


def schema_output(form: Mapping[str, Any]) -> dict[str, Any]:
    """A form of the answer by JSON Schema, as our Output has it. Raises Wrong."""
    name, schema = text_of(form, "name"), form.get("schema")
    if not _TOOL_NAME.fullmatch(name):
        raise Wrong("Must be 1 to 64 letters, digits, _ and -.", "name")
    if not isinstance(schema, dict):
        raise Wrong("Must be a JSON Schema, which is an object.", "schema")
    described = text_of(form, "description", "")
    return {
        "name": name,
        "description": described,
        "schema": schema,
        "strict": flag(form, "strict"),
    }


def flag(value: Mapping[str, Any], name: str) -> bool:
    """Raises Wrong."""
    said = value.get(name, False)
    if not isinstance(said, bool):
        raise Wrong("Must be true or false.", name)
    return said
