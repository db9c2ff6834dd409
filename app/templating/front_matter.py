"""What a prompt's file says of itself, between two lines of `+++`, in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Range, Regexp

from app.templating.variables import KINDS, LIMITS, Variable, refused

# Jinja's own, where a variable of that name could not be reached.
_RESERVED = {"loop", "self", "caller", "super", "varargs", "kwargs"}
_FENCE = "+++"
_NO_SCHEMA = (
    "A prompt that answers with data names the schema of it, and one that answers with text has "
    "none."
)


Output = Literal["text", "data"]


class FrontMatter(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is a provider/name or an alias; None leaves it to the server.

    The answer is `text`, or `data` that fits `schema`: the name of a registered one, or a JSON
    Schema.
    """

    name: str
    version: str
    description: str
    model: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    output: Output = "text"
    schema: str | Mapping[str, Any] | None = None
    variables: Sequence[Variable] = ()


class BadFrontMatter(ValueError):
    """`problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(source: str) -> tuple[FrontMatter, str, int]:
    """With the rest of the file, and the number of its first line. Raises BadFrontMatter."""
    head, rest, line = _split(source)
    try:
        said = _schema.load(tomllib.loads(head))
    except tomllib.TOMLDecodeError as error:
        raise BadFrontMatter([f"its front matter is no TOML: {error}."]) from error
    except ValidationError as error:
        raise BadFrontMatter(list(_sentences(error.messages_dict, ()))) from error
    declared = [_variable(name, about) for name, about in said.pop("variables").items()]
    problems = [f"variables.{v.name}.{wrong}" for v in declared for wrong in refused(v)]
    if problems:
        raise BadFrontMatter(problems)
    return FrontMatter(**said, variables=declared), rest, line


def _split(source: str) -> tuple[str, str, int]:
    lines = source.splitlines()
    if not lines or lines[0].strip() != _FENCE or _FENCE not in map(str.strip, lines[1:]):
        raise BadFrontMatter([f"it must begin with its front matter, between two lines {_FENCE}."])
    end = [line.strip() for line in lines].index(_FENCE, 1)
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :]), end + 2


def _variable(name: str, about: Mapping[str, Any]) -> Variable:
    required = about.get("required", "default" not in about)
    limits = LIMITS.get(about["type"], {})
    return Variable(name=name, **{**limits, **about, "required": required})


def _sentences(messages: Any, path: Sequence[str]) -> Iterator[str]:
    """marshmallow's own tree; it puts a mapping's value under `value`, or `key`."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            here = path if name in ("value", "key", "_schema") else (*path, str(name))
            yield from _sentences(inner, here)
    else:
        yield from (f"{'.'.join(path)}: {said}" if path else str(said) for said in messages)


def _not_reserved(name: str) -> None:
    if name in _RESERVED:
        raise ValidationError("This name means something else in a template.")


def _name_or_schema(value: object) -> None:
    if not isinstance(value, str | dict):
        raise ValidationError("Must be the name of a schema, or a JSON Schema.")


class _Strict(Schema):
    class Meta:
        unknown = RAISE


_NAME = Regexp(
    r"[a-z][a-z0-9_-]{0,39}\Z",
    error="Must be up to 40 small letters, digits, - and _, and begin with a letter.",
)
_VARIABLE = Regexp(
    r"[a-z][a-z0-9_]{0,39}\Z",
    error="Must be up to 40 small letters, digits and _, and begin with a letter.",
)
_VERSION = Regexp(r"\d{1,4}(\.\d{1,4}){0,2}\Z", error='Must be a number as "1", "1.2" or "1.2.3".')

# Which limits belong to which kind.
_LIMITS = {
    "text": {"max_length"},
    "texts": {"max_length", "max_items"},
    "choice": {"choices"},
    "integer": {"minimum", "maximum"},
    "boolean": set[str](),
}


class _VariableSchema(_Strict):
    type = fields.Str(required=True, validate=OneOf(KINDS))
    description = fields.Str(validate=Length(max=500))
    required = fields.Bool(truthy={True}, falsy={False})
    default = fields.Raw()
    max_length = fields.Int(strict=True, validate=Range(1, 1_000_000))
    max_items = fields.Int(strict=True, validate=Range(1, 200))
    choices = fields.List(fields.Str(validate=Length(1, 200)), validate=Length(1, 100))
    minimum = fields.Int(strict=True)
    maximum = fields.Int(strict=True)

    @validates_schema
    def _fitting(self, data: dict[str, Any], **_: Any) -> None:
        kind = data["type"]
        others = set().union(*_LIMITS.values()) - _LIMITS[kind]
        if strange := sorted(others & set(data)):
            raise ValidationError({name: [f"A {kind} has none."] for name in strange})
        if kind == "choice" and "choices" not in data:
            raise ValidationError("A choice must have some.", "choices")
        if data.get("required") and "default" in data:
            raise ValidationError("What is required has none.", "default")
        if data.get("minimum", 0) > data.get("maximum", data.get("minimum", 0)):
            raise ValidationError("Must not be more than the maximum.", "minimum")


class _FrontMatterSchema(_Strict):
    name = fields.Str(required=True, validate=_NAME)
    version = fields.Str(required=True, validate=_VERSION)
    description = fields.Str(required=True, validate=Length(1, 500))
    model = fields.Str(validate=Length(1, 200))
    temperature = fields.Float(allow_nan=False, validate=Range(0, 2))
    max_output_tokens = fields.Int(strict=True, validate=Range(1, 1_000_000))
    output = fields.Str(validate=OneOf(["text", "data"]))
    schema = fields.Raw(validate=_name_or_schema)
    variables = fields.Dict(
        keys=fields.Str(validate=[_VARIABLE, _not_reserved]),
        values=fields.Nested(_VariableSchema),
        load_default=dict,
        validate=Length(max=50),
    )

    @validates_schema
    def _answering(self, data: dict[str, Any], **_: Any) -> None:
        output = data.get("output", "data" if "schema" in data else "text")
        if (output == "data") != ("schema" in data):
            raise ValidationError(_NO_SCHEMA, "output")

    @post_load
    def _settled(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"output": "data" if "schema" in data else "text", **data}


_schema = _FrontMatterSchema()
