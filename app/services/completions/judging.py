"""Whether an answer has the form that was asked for. A provider's word for it is not taken."""

from __future__ import annotations

from typing import Any

import msgspec

from app.errors import BadInput, OutputInvalid
from app.events import Answer, FinishReason
from app.providers.base import Output
from app.services.completions.completion import Completion
from app.structure.schema import Schema, load

_MOST_SAID = 5  # of all that is wrong

_NO_JSON = object()


class Judge:
    """Of one request. The arguments of a strict tool are looked at as well."""

    def __init__(self, completion: Completion) -> None:
        """Raises BadInput, for the field `output` or `tools`: a schema cannot be used."""
        self._output = completion.output
        self._schema = _schema_of(completion.output)
        self._tools = {t.name: _loaded(t.parameters, "tools") for t in completion.tools if t.strict}

    def __call__(self, answer: Answer, reason: FinishReason) -> None:
        """Raises OutputInvalid. What was cut or filtered is as it is, and its reader knows."""
        if reason == "stop" and self._output is not None and not answer.calls:
            self._judge("The answer", self._schema, _json(answer.text))
        if reason in ("stop", "tool_calls"):
            for call in answer.calls:
                schema = self._tools.get(call.name)
                if schema is not None:
                    self._judge(f"The call of {call.name}", schema, _json(call.arguments))

    def _judge(self, what: str, schema: Schema | None, value: Any) -> None:
        if value is _NO_JSON:
            raise _invalid(f"{what} is not JSON.")
        if schema is not None:
            found = schema.validate(value)[:_MOST_SAID]
            if found:
                said = [f"{'.'.join(map(str, v.path)) or what}: {v.sentence}" for v in found]
                raise _invalid(f"{what} does not fit its schema. {' '.join(said)}")
        elif not isinstance(value, dict):
            raise _invalid(f"{what} is not a JSON object.")


def _invalid(said: str) -> OutputInvalid:
    return OutputInvalid(f"{said} Ask again, ask another model, or loosen the schema.")


def _schema_of(output: Output | None) -> Schema | None:
    return None if output is None or output.schema is None else _loaded(output.schema, "output")


def _loaded(document: Any, field: str) -> Schema:
    try:
        return load(document)
    except BadInput as error:
        raise BadInput(error.detail, errors={field: [error.detail]}) from error


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _NO_JSON
