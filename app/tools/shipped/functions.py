"""What a calculator can do with numbers, in a context that bounds each of them."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, Inexact

_MOST_FACTORIAL = 1_000
_MOST_PLACES = 50

Values = Sequence[Decimal]
Function = Callable[[Values, Context], Decimal]


class WrongUse(ValueError):
    """The text says what was meant to be done otherwise."""


def _floor_div(left: Decimal, right: Decimal, context: Context) -> Decimal:
    """Rounds down, as Python's does; decimal's own rounds towards 0."""
    whole = context.divide_int(left, right)
    rest = context.remainder(left, right)
    return context.subtract(whole, 1) if rest and (rest < 0) != (right < 0) else whole


def _modulo(left: Decimal, right: Decimal, context: Context) -> Decimal:
    rest = context.remainder(left, right)
    return context.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


BINARY: Mapping[type[ast.operator], Callable[[Decimal, Decimal, Context], Decimal]] = {
    ast.Add: lambda a, b, context: context.add(a, b),
    ast.Sub: lambda a, b, context: context.subtract(a, b),
    ast.Mult: lambda a, b, context: context.multiply(a, b),
    ast.Div: lambda a, b, context: context.divide(a, b),
    ast.Pow: lambda a, b, context: context.power(a, b),
    ast.FloorDiv: _floor_div,
    ast.Mod: _modulo,
}
UNARY: Mapping[type[ast.unaryop], Callable[[Decimal, Context], Decimal]] = {
    ast.UAdd: lambda a, context: context.plus(a),
    ast.USub: lambda a, context: context.minus(a),
}
# With more digits than are kept, so that what is made of them is marked as rounded.
NAMED = {
    "pi": Decimal("3.14159265358979323846264338327950288419716939937510582097494"),
    "e": Decimal("2.71828182845904523536028747135266249775724709369995957496697"),
}


def _one(calculate: Callable[[Decimal, Context], Decimal], name: str) -> Function:
    def function(values: Values, context: Context) -> Decimal:
        if len(values) != 1:
            raise WrongUse(f"{name} takes one number.")
        return calculate(values[0], context)

    return function


def _several(calculate: Callable[[Values, Context], Decimal], name: str) -> Function:
    def function(values: Values, context: Context) -> Decimal:
        if not values:
            raise WrongUse(f"{name} takes one number or more.")
        return calculate(values, context)

    return function


def _by_float(calculate: Callable[[float], float], name: str) -> Function:
    """In 16 digits, as a machine has them."""

    def function(value: Decimal, context: Context) -> Decimal:
        try:
            found = Decimal(repr(calculate(float(value))))
        except (ValueError, OverflowError) as error:
            raise WrongUse(f"{name} has no result for this number.") from error
        context.flags[Inexact] = True
        return context.plus(found)

    return _one(function, name)


def _factorial(value: Decimal, context: Context) -> Decimal:
    if value != value.to_integral_value() or not 0 <= value <= _MOST_FACTORIAL:
        raise WrongUse(f"factorial takes a whole number from 0 to {_MOST_FACTORIAL}.")
    return context.create_decimal(math.factorial(int(value)))


def _round(values: Values, context: Context) -> Decimal:
    """Halves go away from 0. What is asked to be rounded is exact once it is."""
    if len(values) not in (1, 2):
        raise WrongUse("round takes a number, and how many digits after the point are kept.")
    value, places = values if len(values) == 2 else (*values, Decimal(0))
    if places != places.to_integral_value() or abs(places) > _MOST_PLACES:
        raise WrongUse(f"round takes a number, and digits from -{_MOST_PLACES} to {_MOST_PLACES}.")
    inner = context.copy()
    last = Decimal(1).scaleb(-int(places))
    return context.plus(value.quantize(last, ROUND_HALF_UP, inner))


def _sum(values: Values, context: Context) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = context.add(total, value)
    return total


FUNCTIONS: Mapping[str, Function] = {
    "abs": _one(lambda a, context: context.abs(a), "abs"),
    "sqrt": _one(lambda a, context: context.sqrt(a), "sqrt"),
    "exp": _one(lambda a, context: context.exp(a), "exp"),
    "ln": _one(lambda a, context: context.ln(a), "ln"),
    "log10": _one(lambda a, context: context.log10(a), "log10"),
    "floor": _one(lambda a, _: a.to_integral_value(ROUND_FLOOR), "floor"),
    "ceil": _one(lambda a, _: a.to_integral_value(ROUND_CEILING), "ceil"),
    "factorial": _one(_factorial, "factorial"),
    "round": _round,
    "min": _several(lambda values, context: context.plus(min(values)), "min"),
    "max": _several(lambda values, context: context.plus(max(values)), "max"),
    "sum": _several(_sum, "sum"),
    **{
        name: _by_float(getattr(math, name), name)
        for name in ("sin", "cos", "tan", "asin", "acos", "atan")
    },
}
