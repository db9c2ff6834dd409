"""One part of a prompt: a template in Jinja2's sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.errors import BadInput
from app.templating import grammar
from app.templating.variables import Variable

_MOST = 2_000_000  # characters that a prompt may come to


class _Environment(ImmutableSandboxedEnvironment):
    """Beside the grammar, which lets nothing through that would be called here."""

    def is_safe_callable(self, obj: Any) -> bool:
        return False


def _environment() -> _Environment:
    made = _Environment(
        autoescape=False,  # for a model, which reads no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for table in (made.globals, made.filters, made.tests):
        table.clear()
    return made


_environment_of_all = _environment()


class BadTemplate(ValueError):
    """`problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Template:
    """`first_line` is that of its file on which it begins. Raises BadTemplate."""

    def __init__(
        self, source: str, variables: Mapping[str, Variable], *, free: bool, first_line: int = 1
    ) -> None:
        # Line breaks before it let Jinja count the lines as the file does.
        placed = "\n" * (first_line - 1) + source
        known = {name: variable.type for name, variable in variables.items()}
        try:
            tree = _environment_of_all.parse(placed)
            problems = list(grammar.check(tree, known, free=free))
            if not problems:
                self._template = _environment_of_all.from_string(placed)
        except (TemplateSyntaxError, RecursionError) as error:
            problems = [_shown(error)]
        if problems:
            raise BadTemplate(problems)
        self.names = grammar.names(tree) & set(variables)

    def write(self, values: Mapping[str, Any]) -> str:
        """Raises BadInput: it became too long."""
        pieces, size = [], 0
        for piece in self._template.generate(values):
            size += len(piece)
            if size > _MOST:
                said = f"The prompt came to more than the {_MOST:,} characters that one may have."
                raise BadInput(said, errors={"variables": [said]})
            pieces.append(piece)
        return "".join(pieces).strip()


def _shown(error: Exception) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f"line {error.lineno}: {error.message}"
    return "it is nested too deeply."
