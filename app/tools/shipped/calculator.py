"""A calculator that a model may be given: it can only calculate, and each step is bounded.

An expression is read into Python's syntax tree, of which few nodes are allowed, and carried out in
decimal arithmetic with 50 digits, in which no number can grow without end. Nothing is evaluated as
Python, so that there is nothing to break out of.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    DivisionUndefined,
    Inexact,
    InvalidOperation,
    Overflow,
    Underflow,
)
from typing import Annotated, Any

from marshmallow.validate import Length

from app.tools.own import ToolFailed, tool
from app.tools.shipped.functions import BINARY, FUNCTIONS, NAMED, UNARY, WrongUse

DIGITS = 50
# 10^9999 and its inverse, so that every result can be written down.
_GREATEST = 9_999
_DEEPEST = 300  # steps in one another
_TRAPS = [Overflow, Underflow, DivisionByZero, InvalidOperation]

_TOKEN = re.compile(
    r"\s*(?:((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|([A-Za-z_]\w*)|(\*\*|//|[-+*/%^(),×·÷−]))"
)
_WRITTEN = {"^": "**", "×": "*", "·": "*", "÷": "/", "−": "-"}

Numbers = Mapping[str, Decimal]


@tool(seconds=2, parallel=True, cooperative=True)
def calculator(expression: Annotated[str, Length(1, 500)]) -> dict[str, Any]:
    """Calculate, with 50 digits. Use it for every calculation, also for an easy one.

    It knows + - * / // % ** ( ), pi, e, and the functions abs, acos, asin, atan, ceil, cos, exp,
    factorial, floor, ln, log10, max, min, round(x, digits), sin, sqrt, sum, tan; angles are in
    radians. Percent signs are the remainder of a division: write 19 % of 80 as 0.19 * 80.

    Args:
        expression: as (17.5 + 3) * 2 ** 8
    """
    context = Context(prec=DIGITS, Emax=_GREATEST, Emin=-_GREATEST, traps=_TRAPS)
    try:
        result = _worth(*_read(expression), context, 0)
    except ArithmeticError as error:
        raise ToolFailed(_sentence(error)) from error
    except WrongUse as error:
        raise ToolFailed(str(error)) from error
    if not result.is_finite():
        raise ToolFailed(_sentence(InvalidOperation()))
    return {"result": _written(result), "exact": not context.flags[Inexact]}


def _read(expression: str) -> tuple[ast.expr, Numbers]:
    """As a tree in which names stand for the numbers, which keep their digits so."""
    words, numbers = list[str](), dict[str, Decimal]()
    for number, word in _tokens(expression):
        if number:
            words.append(f"n{len(numbers)}")
            numbers[words[-1]] = Decimal(number)
        else:
            words.append(word)
    try:
        return ast.parse(" ".join(words), mode="eval").body, numbers
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise WrongUse(
            "This is no expression that can be calculated. Write it as (17.5 + 3) * 2 ** 8."
        ) from error


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    """A number, or a name or sign."""
    at, text = 0, expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (match[2] and match[2] not in NAMED and match[2] not in FUNCTIONS):
            unknown = text[at:].split(maxsplit=1)[0][:40] if match is None else match[2][:40]
            raise WrongUse(f"{unknown!r} is nothing that this calculator knows.")
        yield match[1] or "", match[2] or _WRITTEN.get(match[3], match[3]) or ""
        at = match.end()


def _worth(node: ast.expr, numbers: Numbers, context: Context, depth: int) -> Decimal:
    """What a node comes to. Raises WrongUse and decimal's own errors."""
    if depth > _DEEPEST:
        raise WrongUse("The expression has too many steps in one another. Calculate it in parts.")

    def inner(other: ast.expr) -> Decimal:
        return _worth(other, numbers, context, depth + 1)

    match node:
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return UNARY[type(op)](inner(operand), context)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return BINARY[type(op)](inner(left), inner(right), context)
        case ast.Name(id=name) if name in numbers or name in NAMED:
            return context.plus(numbers[name] if name in numbers else NAMED[name])
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name]([inner(arg) for arg in args], context)
    raise WrongUse("A part of the expression is nothing that this calculator knows.")


def _sentence(error: ArithmeticError) -> str:
    if isinstance(error, Overflow):
        return f"The result, or a step to it, is greater than 10^{_GREATEST}."
    if isinstance(error, Underflow):
        return f"The result, or a step to it, is closer to 0 than 10^-{_GREATEST}."
    if isinstance(error, DivisionByZero | DivisionUndefined):
        return "A number is divided by 0."
    return "A step has no result among the real numbers, or not with so many digits."


def _written(result: Decimal) -> str:
    """Digit by digit, unless it has very many."""
    short = result.normalize(Context(prec=DIGITS, Emax=_GREATEST, Emin=-_GREATEST))
    if short.is_zero():
        return "0"
    return f"{short:f}" if -20 <= short.adjusted() <= DIGITS else f"{short:e}"
