"""A prompt: a named, versioned template with typed variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from app.templating import front_matter
from app.templating.front_matter import BadFrontMatter, FrontMatter
from app.templating.supplied import RULE, Supplied, SuppliedList
from app.templating.template import BadTemplate, Template
from app.templating.variables import FREE, Variable, load, schema_of

_DOCUMENT = re.compile(r"\s*\{\{\s*(\w+)\s*\}\}\s*")
_NO_DOCUMENT = (
    "its answer is data, and so its user part must be {{ NAME }} alone, with the variable of type "
    "text that data is taken from, and that is required; all else belongs into the system part."
)

# Lines that begin the parts of the body.
_PARTS = {"[system]": "system", "[user]": "user"}

# Makes of anything a mark that nobody can foresee.
Mark = Callable[[bytes], str]


class BadPrompt(ValueError):
    """`problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Written(NamedTuple):
    """What a model is told. The system part is None where there is nothing to say in it."""

    system: str | None
    user: str


class Prompt:
    """Raises BadPrompt."""

    def __init__(self, source: str) -> None:
        self.about, body, line = _front_matter(source)
        self._schema = schema_of(self.about.variables)
        self._system, self._user = _templates(self.about, body, line)
        self._document = _document(self.about, body)

    @property
    def id(self) -> str:
        return f"{self.about.name}@{self.about.version}"

    @property
    def order(self) -> tuple[int, ...]:
        """What a newer version has more of."""
        return tuple(int(number) for number in self.about.version.split("."))

    def load(self, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values of all variables. Raises BadInput, by field."""
        return load(self._schema, sent)

    def write(self, values: Mapping[str, Any], mark: Mark) -> Written:
        """The same values make the same text, as long as `mark` stays the same.

        Raises BadInput: it became too long.
        """
        drawn = self._drawn(values, mark)
        shown = {v.name: _shown(v, values[v.name], drawn) for v in self.about.variables}
        system = self._system.write(shown) if self._system else ""
        rule = RULE if self._shows_free else ""
        return Written("\n\n".join(filter(None, [system, rule])) or None, self._user.write(shown))

    def read(self, values: Mapping[str, Any]) -> Written:
        """Of a prompt that answers with data: the user part is the document as it was sent.

        Raises BadInput: it became too long.
        """
        shown = {v.name: values[v.name] for v in self.about.variables}
        system = self._system.write(shown) if self._system else ""
        return Written(system or None, str(values[self._document]))

    @property
    def _shows_free(self) -> bool:
        return any(v.type in FREE and v.name in self._user.names for v in self.about.variables)

    def _drawn(self, values: Mapping[str, Any], mark: Mark) -> str:
        """A mark that stands in none of the values."""
        said, number = msgspec.json.encode([self.id, dict(values)]), 0
        while (drawn := mark(said + b"%d" % number)).encode() in said:
            number += 1
        return drawn


def _shown(variable: Variable, value: Any, mark: str) -> Any:
    if value is None:
        return None
    if variable.type == "text":
        return Supplied(variable.name, value, mark)
    if variable.type == "texts":
        return SuppliedList(variable.name, value, mark)
    return value


def _front_matter(source: str) -> tuple[FrontMatter, str, int]:
    try:
        return front_matter.read(source)
    except BadFrontMatter as error:
        raise BadPrompt(error.problems) from error


def _document(about: FrontMatter, body: str) -> str:
    """The variable that holds what data is taken from; "" where the answer is text."""
    if about.output == "text":
        return ""
    found = _DOCUMENT.fullmatch(body.rpartition("[user]")[2])
    required = {v.name for v in about.variables if v.type == "text" and v.required}
    if found is None or found[1] not in required:
        raise BadPrompt([_NO_DOCUMENT])
    return found[1]


def _templates(about: FrontMatter, body: str, line: int) -> tuple[Template | None, Template]:
    problems: list[str] = []
    made: dict[str, Template] = {}
    declared = {variable.name: variable for variable in about.variables}
    for part, first_line, source in _parts(body, line, problems):
        try:
            made[part] = Template(source, declared, free=part == "user", first_line=first_line)
        except BadTemplate as error:
            problems += error.problems
    if not problems:
        used = {name for template in made.values() for name in template.names}
        problems += [
            f"variables.{name}: it is used nowhere." for name in declared if name not in used
        ]
    if problems:
        raise BadPrompt(problems)
    return made.get("system"), made["user"]


def _parts(body: str, line: int, problems: list[str]) -> Iterator[tuple[str, int, str]]:
    """Each part of a body whose first line has the number `line`, with that of its own first."""
    lines = body.splitlines()
    heads = [(at, _PARTS[text.strip()]) for at, text in enumerate(lines) if text.strip() in _PARTS]
    found = [part for _, part in heads]
    if found not in (["user"], ["system", "user"]) or any(map(str.strip, lines[: heads[0][0]])):
        problems.append(
            "its body must have a line [user] and the user part after it; before that may stand a "
            "line [system] and the system part, and nothing else."
        )
        return
    ends = [at for at, _ in heads[1:]] + [len(lines)]
    for (at, part), end in zip(heads, ends, strict=True):
        source = "\n".join(lines[at + 1 : end])
        if part == "user" and not source.strip():
            problems.append("its user part is empty.")
        yield part, line + at + 1, source
