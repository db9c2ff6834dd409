"""What the registered schemas share: from a model's answer to data, or to issues about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields

from app.evidence.issues import Issue, Path, Unclear
from app.schemas.extraction.capitals import repaired
from app.schemas.extraction.values import Interpreted, Reading
from app.schemas.extraction.walk import each, put

Rule = Callable[[Any, dict[str, Any], Reading], Iterator[Issue]]
# What marshmallow says of a field, as a code; anything else is `shape`.
_CODES = {"Missing data for required field.": "missing", "Unknown field.": "unknown_field"}

# Issues of spelling: the answer keeps what the model wrote.
_UNREAD = {
    "not_an_amount",
    "ambiguous_amount",
    "not_a_date",
    "ambiguous_date",
    "not_a_time",
    "not_a_currency",
    "ambiguous_currency",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """`data` is JSON but for Decimals; without issues it is accepted as it stands."""

    data: dict[str, Any]
    issues: list[Issue]
    # Where capitals were put right.
    repaired: list[Path]


def rule(method: Rule) -> Rule:
    """Marks a method of a schema that gives issues, with paths in the object that it is about.

    It sees amounts as Decimals and days as dates; what is null or already an issue is None.
    """
    method.is_rule = True  # type: ignore[attr-defined]
    return method


class Item(Schema):
    """An object in an answer. Its docstring is the description that the model gets."""

    class Meta:
        unknown = RAISE

    def broken(self, data: dict[str, Any], reading: Reading) -> Iterator[Issue]:
        """What the rules of the object and of those in it say."""
        for name in dir(type(self)):
            method = getattr(type(self), name)
            if getattr(method, "is_rule", False):
                yield from method(self, data, reading)
        for name, field in self.fields.items():
            many = isinstance(field, fields.List)
            inner = field.inner if isinstance(field, fields.List) else field
            if isinstance(inner, fields.Nested) and isinstance(inner.schema, Item):
                held = (data.get(name) or []) if many else [data.get(name)]
                for at, item in enumerate(held):
                    steps = (name, at) if many else (name,)
                    for issue in inner.schema.broken(item, reading) if item else ():
                        yield Issue((*steps, *issue.path), issue.code, issue.sentence)


class Extracted(Item):
    """A registered schema. Its merge rules, labels and kinds of evidence stand on its fields."""

    name: ClassVar[str] = ""
    # Raised with every change that a caller can notice.
    version: ClassVar[str] = "1"

    def check(self, answer: object, reading: Reading, *, rules: bool = True) -> Checked:
        """A model's answer by shape, by spelling and, with `rules`, by those; never raises."""
        if not isinstance(answer, Mapping):
            return Checked({}, [Issue((), "shape", "The answer must be an object.")], [])
        said, mended = repaired(self, answer)
        try:
            loaded = self.load(said)
        except ValidationError as error:
            return Checked(said, list(_issues(error.messages, ())), mended)
        issues = self._interpret(loaded, reading)
        if rules:
            issues += self.broken(loaded, reading)
        for path, field, value in list(each(self, loaded)):
            if isinstance(field, Interpreted) and value is not None:
                put(loaded, path, field.shown(value))
        for issue in issues:
            if issue.code in _UNREAD:
                put(loaded, issue.path, _at(said, issue.path))
        return Checked(loaded, issues, mended)

    def _interpret(self, loaded: dict[str, Any], reading: Reading) -> list[Issue]:
        """Puts in the place of each spelling what it means, or None and gives an issue."""
        issues: list[Issue] = []
        for path, field, value in list(each(self, loaded)):
            if isinstance(field, Interpreted) and value is not None:
                try:
                    put(loaded, path, field.meant(value, reading))
                except Unclear as unclear:
                    put(loaded, path, None)
                    issues.append(Issue(path, unclear.code, unclear.sentence))
        return issues


def _issues(messages: Any, path: Path) -> Iterator[Issue]:
    if isinstance(messages, Mapping):
        for key, held in messages.items():
            yield from _issues(held, path if key == "_schema" else (*path, key))
    else:
        for message in messages:
            where = ".".join(map(str, path)) or "The answer"
            yield Issue(path, _CODES.get(message, "shape"), f"{where}: {message}")


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
