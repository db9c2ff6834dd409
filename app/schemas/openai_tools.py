"""Tools, their choice and the form of an answer, as chat completions and responses write them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.schemas.openai_fields import Wrong, items, schema_output, taken, text_of, tool

_FUNCTION = ("name", "description", "parameters", "strict")
_WORDS = ("auto", "none", "required")

JSON = dict[str, Any]


class Tools(fields.Field[list[JSON]]):
    """`flat`: the function stands in the tool itself, as in the responses API."""

    def __init__(self, *, flat: bool) -> None:
        form = {"type": "array", "items": {"type": "object"}}
        super().__init__(allow_none=True, metadata={**form, "description": "functions alone"})
        self._flat = flat

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[JSON]:
        read = []
        try:
            for index, sent in items(value):
                try:
                    read.append(self._tool(sent))
                except Wrong as wrong:
                    raise wrong.within(index) from wrong
        except Wrong as wrong:
            raise wrong.error() from wrong
        return read

    def _tool(self, sent: Any) -> JSON:
        kind = sent.get("type") if isinstance(sent, dict) else None
        if kind != "function":
            raise Wrong("Must be function; nothing else is supported.", "type")
        if self._flat:
            return tool(taken(sent, ("type", *_FUNCTION)))
        given = taken(sent, ("type", "function"))
        try:
            return tool(taken(given.get("function"), _FUNCTION))
        except Wrong as wrong:
            raise wrong.within("function") from wrong


class ToolChoice(fields.Field[str]):
    """A word, or the name of a function."""

    def __init__(self, *, flat: bool) -> None:
        forms = [{"enum": [*_WORDS, None]}, {"type": "object", "required": ["type"]}]
        super().__init__(allow_none=True, metadata={"anyOf": forms})
        self._flat = flat

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        try:
            return self._choice(value)
        except Wrong as wrong:
            raise wrong.error() from wrong

    def _choice(self, value: Any) -> str:
        if isinstance(value, str) and value in _WORDS:
            return value
        if not isinstance(value, dict) or value.get("type") != "function":
            raise Wrong("Must be auto, none, required, or a function by its name.")
        if self._flat:
            return text_of(taken(value, ("type", "name")), "name")
        given = taken(value, ("type", "function"))
        try:
            return text_of(taken(given.get("function"), ("name",)), "name")
        except Wrong as wrong:
            raise wrong.within("function") from wrong


class Format(fields.Field[JSON | None]):
    """What the answer is to be; None for a text. `flat` as above."""

    def __init__(self, *, flat: bool) -> None:
        said = "text, json_object or json_schema; checked when it is there"
        form = {"type": "object", "required": ["type"], "description": said}
        super().__init__(allow_none=True, metadata=form)
        self._flat = flat

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> JSON | None:
        try:
            return self._format(value)
        except Wrong as wrong:
            raise wrong.error() from wrong

    def _format(self, value: Any) -> JSON | None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind in ("text", "json_object"):
            taken(value, ("type",))
            return {} if kind == "json_object" else None
        if kind != "json_schema":
            raise Wrong("Must be text, json_object or json_schema.", "type")
        if self._flat:
            return schema_output(taken(value, ("type", "name", "description", "schema", "strict")))
        given = taken(value, ("type", "json_schema"))
        inner = ("name", "description", "schema", "strict")
        try:
            return schema_output(taken(given.get("json_schema"), inner))
        except Wrong as wrong:
            raise wrong.within("json_schema") from wrong
