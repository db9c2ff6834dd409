"""What is wrong with a value, place by place, in words that a model can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from jsonschema_rs import ValidationError, ValidationErrorKind

MOST = 50
_LONGEST = 200


class Violation(msgspec.Struct, frozen=True):
    """`path` leads to the place, `code` is the schema's keyword in snake case."""

    path: tuple[str | int, ...]
    code: str
    sentence: str


_MANY = ValidationErrorKind.OneOfMultipleValid
_UNCHECKED = (ValidationErrorKind.BacktrackLimitExceeded, ValidationErrorKind.RegexEngineFailure)
_SENTENCES = {
    "additionalItems": "It has more items than the {limit} that are allowed.",
    "additionalProperties": "This field is not one of those that are allowed here.",
    "const": "It must be {expected_value}.",
    "contains": "None of its items is as one of them must be, or too many are.",
    "enum": "It must be one of {options}.",
    "exclusiveMaximum": "It must be less than {limit}.",
    "exclusiveMinimum": "It must be greater than {limit}.",
    "falseSchema": "Nothing is allowed here. Leave it out.",
    "format": "It is not a valid {format}.",
    "maxItems": "It must have at most {limit} items.",
    "maximum": "It must be at most {limit}.",
    "maxLength": "It must have at most {limit} characters.",
    "maxProperties": "It must have at most {limit} fields.",
    "minItems": "It must have at least {limit} items.",
    "minimum": "It must be at least {limit}.",
    "minLength": "It must have at least {limit} characters.",
    "minProperties": "It must have at least {limit} fields.",
    "multipleOf": "It must be a multiple of {multiple_of}.",
    "not": "It is as it must not be: {schema}.",
    "pattern": "It must match the pattern {pattern}.",
    "required": "This field is missing.",
    "type": "It must be of type {types}.",
    "unevaluatedItems": "It has items that are not allowed.",
    "unevaluatedProperties": "This field is not one of those that are allowed here.",
    "uniqueItems": "Its items must differ from one another.",
}


def violations(errors: Iterable[ValidationError]) -> Iterator[Violation]:
    for error in errors:
        kind, path = error.kind.name, tuple(error.instance_path)
        data = error.kind.as_dict()
        if isinstance(error.kind, _MANY):
            yield Violation(path, "one_of", "It fits more than one alternative, and must fit one.")
        elif isinstance(error.kind, _UNCHECKED):
            yield Violation(path, _snake(kind), "It cannot be checked in reasonable time.")
        elif kind in ("anyOf", "oneOf"):
            yield from _alternatives(error, path, data["context"])
        elif kind in ("additionalProperties", "unevaluatedProperties"):
            for name in data["unexpected"]:
                yield _violation((*path, name), kind, data)
        elif kind == "required":
            yield _violation((*path, str(data["property"])), kind, data)
        elif kind == "propertyNames":
            yield Violation(path, "property_names", f"A field's name is wrong: {error.message}")
        else:
            yield _violation(path, kind, data)


def _alternatives(
    error: ValidationError, path: tuple[str | int, ...], context: list[list[ValidationError]]
) -> Iterator[Violation]:
    """What is wrong with the alternative that was probably meant: the right kind, fewest errors."""
    meant = [
        branch
        for branch in context
        if branch and not any(_differs(nested, len(path)) for nested in branch)
    ]
    if meant:
        yield from violations(_shortest(meant))
    else:
        wanted = [_violation((), e.kind.name, e.kind.as_dict()) for b in context for e in b[:1]]
        sentences = " Or: ".join(dict.fromkeys(each.sentence for each in wanted))
        sentence = f"It fits none of the {len(context)} alternatives. {sentences}"
        yield Violation(path, _snake(error.kind.name), _short(sentence, 3 * _LONGEST))


def _shortest(branches: list[list[ValidationError]]) -> list[ValidationError]:
    return min(branches, key=lambda branch: len(branch))


def _differs(error: ValidationError, depth: int) -> bool:
    """Whether the value is of another kind altogether: its type, or the constant that marks it."""
    kind, deeper = error.kind.name, len(error.instance_path) - depth
    return (kind in ("type", "enum", "const") and deeper == 0) or (kind == "const" and deeper == 1)


def _violation(path: tuple[str | int, ...], kind: str, data: dict[str, Any]) -> Violation:
    template = _SENTENCES.get(kind, "It does not fit the schema ({keyword}).")
    words = {name: _short(_json(value)) for name, value in data.items() if name != "context"}
    return Violation(path, _snake(kind), template.format(keyword=kind, **words))


def _json(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_json, value))
    return json.dumps(value, ensure_ascii=False, default=str)


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _snake(keyword: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", keyword).lower()
