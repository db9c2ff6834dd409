"""A tool of a Python function: what a model is told comes from its signature and docstring.

@tool(seconds=5, parallel=True)
def stock(article: str, warehouse: Literal["north", "south"] = "north") -> int:
    '''How many pieces of an article there are.

    Args:
        article: its number, as A-1234
    '''
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints, overload

import msgspec
from marshmallow import Schema, ValidationError

from app.accounts import SCOPES
from app.tools import docstrings, kinds
from app.tools.arguments import read, refusal
from app.tools.kinds import Kind, Unfit
from app.tools.tool import NAME, Scene, Tool, ToolFailed

__all__ = ["BadTool", "Scene", "ToolFailed", "of", "tool"]

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__parley_tool__"
# Defaults that a model is told.
_SAID = {str, int, float, bool}
_PLAIN = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class BadTool(TypeError):
    """A function cannot be a tool; `problems` has a sentence for each reason."""

    def __init__(self, function: Callable[..., Any], problems: list[str]) -> None:
        self.problems = problems
        name = getattr(function, "__qualname__", repr(function))
        super().__init__(f"{name} cannot be a tool: {' '.join(problems)}")


@overload
def tool(function: F, /) -> F: ...


@overload
def tool(
    *,
    name: str | None = None,
    seconds: float = 30.0,
    approval: bool = False,
    parallel: bool = False,
    scope: str | None = None,
    cooperative: bool = False,
) -> Callable[[F], F]: ...


def tool(function: Any = None, /, **how: Any) -> Any:
    """Mark a function as a tool; it can be called as before. What is said is that of Tool.

    Raises BadTool: a model could not be told how to call it.
    """
    return (lambda given: _marked(given, **how)) if function is None else _marked(function)


def of(function: Callable[..., Any]) -> Tool | None:
    """What was made of it, if it is marked."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Tool) else None


@dataclass(frozen=True)
class _Signature:
    """`scene` is the name of the parameter that takes one."""

    kinds: dict[str, tuple[Kind, bool]]
    scene: str | None


def _marked(function: F, name: str | None = None, **how: Any) -> F:
    problems: list[str] = []
    said = docstrings.read(function.__doc__)
    signature = _signature(function, problems)
    name = name or function.__name__
    problems += _complaints(name, said, signature, how)
    if problems:
        raise BadTool(function, problems)
    schema = kinds.reader(signature.kinds)
    vars(function)[_MARK] = Tool(
        name=name,
        description=said.whole,
        parameters=kinds.describe(signature.kinds, said.arguments),
        load=lambda text: _loaded(schema, text),
        call=lambda arguments, scene: _called(function, signature, schema, arguments, scene),
        **how,
    )
    return function


def _signature(function: Callable[..., Any], problems: list[str]) -> _Signature:
    found: dict[str, tuple[Kind, bool]] = {}
    scene = None
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        problems.append("It must return its result, and neither await nor yield.")
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        problems.append(f"A type in it is not known where it stands: {error}.")
        return _Signature(found, scene)
    for name, parameter in inspect.signature(function).parameters.items():
        if hints.get(name) is Scene:
            scene = name
        elif parameter.kind not in _PLAIN:
            problems.append(f"{name}: each argument must have a name of its own.")
        elif name not in hints:
            problems.append(f"{name}: it has no type, and a model must know what to send.")
        else:
            _add(found, name, hints[name], parameter, problems)
    return _Signature(found, scene)


def _add(
    found: dict[str, tuple[Kind, bool]],
    name: str,
    hint: Any,
    parameter: inspect.Parameter,
    problems: list[str],
) -> None:
    try:
        kind = kinds.of(hint)
    except (Unfit, NameError) as error:
        problems.append(f"{name}: {error}")
        return
    default = parameter.default
    if type(default) in _SAID:
        kind = Kind({**kind.schema, "default": default}, kind.field)
    found[name] = (kind, default is inspect.Parameter.empty)


def _complaints(
    name: str, said: docstrings.Said, signature: _Signature, how: dict[str, Any]
) -> list[str]:
    problems = []
    if not NAME.match(name):
        problems.append(f"Its name {name!r} must be up to 64 letters, digits, _ and -.")
    if not said.whole:
        problems.append("It has no docstring, and a model must know what it is for.")
    problems += [
        f"Its docstring tells of {argument}, which is no argument of it."
        for argument in said.arguments
        if argument not in signature.kinds
    ]
    if not 0 < how.get("seconds", 1) <= 3600:
        problems.append("Its seconds must be more than 0, and 3600 at most.")
    if how.get("scope") not in (None, *SCOPES):
        problems.append(f"Its scope must be one of {', '.join(SCOPES)}.")
    return problems


def _loaded(schema: Schema, text: str) -> dict[str, Any]:
    found = read(text)
    _values(schema, found)
    return found


def _values(schema: Schema, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        values: dict[str, Any] = schema.load(arguments)
    except ValidationError as error:
        raise refusal(error.messages) from error
    return values


def _called(
    function: Callable[..., Any],
    signature: _Signature,
    schema: Schema,
    arguments: dict[str, Any],
    scene: Scene,
) -> Any:
    """With values of the types that it has; what it returns becomes JSON."""
    values = _values(schema, arguments)
    if signature.scene is not None:
        values[signature.scene] = scene
    result = function(**values)
    return result if isinstance(result, str) else msgspec.to_builtins(result, str_keys=True)
