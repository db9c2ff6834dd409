"""The calculator: right, honest about rounding, and never long about it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.tools.shipped.calculator import calculator
from app.tools.tool import ToolFailed
from tests.properties import examples
from tests.tools.scenes import called

# Seconds of CPU. It takes a millisecond or so; the rest is for a machine that is slow.
_BOUND = 0.5


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("12*7", "84"),
        ("0.1 + 0.2", "0.3"),
        ("2^10", "1024"),
        ("2 ** -1", "0.5"),
        ("-2 ** 2", "-4"),
        ("(1 + 2) × 3 ÷ 2 − 1", "3.5"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("7 % -3", "-2"),
        ("-7 % 3", "2"),
        ("1e3 + .5 + 5.", "1005.5"),
        ("round(2.675, 2)", "2.68"),
        ("round(-2.5)", "-3"),
        ("round(1234, -2)", "1200"),
        ("floor(-1.5) + ceil(1.2)", "0"),
        ("max(1, 3, 2) - min(4, 5)", "-1"),
        ("sum(1, 2, 3) * abs(-2)", "12"),
        ("factorial(20)", "2432902008176640000"),
        ("sqrt(16) + log10(1000)", "7"),
        ("99999999999999999999 * 99999999999999999999", "9999999999999999999800000000000000000001"),
        ("0 * 5", "0"),
        ("1 - 1.0", "0"),
    ],
)
def test_exact_results(expression: str, result: str) -> None:
    """What has an end has all its digits, and is called exact."""
    assert calculator(expression) == {"result": result, "exact": True}


@pytest.mark.parametrize(
    ("expression", "begins"),
    [
        ("1/3", "0.33333333333333333333333333333333333333333333333333"),
        ("2 ** 0.5", "1.41421356237309504880168872420969807856967187537"),
        ("pi", "3.14159265358979323846264338327950288419716939937510"[:-1]),
        ("exp(1) - e", "0"),
        ("sin(0.5)", "0.4794255386042"),
        ("2 ** 200", "1.606938044258990275541962092341162602522202993782"),
        ("factorial(1000)", "4.0238726007709377354"),
        ("1e40 + 1e-40", "10000000000000000000000000000000000000000"),
    ],
)
def test_rounded_results(expression: str, begins: str) -> None:
    """What has no end, or too many digits, is called rounded."""
    found = calculator(expression)
    assert not found["exact"]
    assert found["result"].startswith(begins)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1/0", "A number is divided by 0."),
        ("5 % 0", "A step has no result"),
        ("sqrt(-1)", "A step has no result"),
        ("ln(0)", "A step has no result"),
        ("9**9**9**9", "The result, or a step to it, is greater than 10^9999."),
        ("exp(-1e9)", "The result, or a step to it, is closer to 0 than 10^-9999."),
        ("factorial(1001)", "factorial takes a whole number from 0 to 1000."),
        ("factorial(0.5)", "factorial takes a whole number from 0 to 1000."),
        ("asin(2)", "asin has no result for this number."),
        ("abs(1, 2)", "abs takes one number."),
        ("min()", "min takes one number or more."),
        ("round(1, 2, 3)", "round takes a number"),
        ("(1", "This is no expression that can be calculated."),
        ("1 2", "This is no expression that can be calculated."),
        ("1, 2", "A part of the expression is nothing"),
        ("-" * 400 + "1", "The expression has too many steps in one another."),
        ("", "This is no expression"),
    ],
)
def test_what_has_no_result(expression: str, said: str) -> None:
    """A sentence says why."""
    with pytest.raises(ToolFailed, match=r".*\.$") as caught:
        calculator(expression)
    assert caught.value.sentence.startswith(said)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "().__class__",
        "n0",
        "1 .real",
        "[1 for x in 1]",
        "lambda: 1",
        "'a' * 9",
        "1 if 1 else 2",
        "1 == 1",
        "1 << 9",
        "~1",
        "x := 1",
        "abs",
        "abs(*1)",
        "sum(x=1)",
        "True",
        "1j",
        "1_000",
        "0x10",
        "f(1)",
        "pi(1)",
        "(1)(2)",
    ],
)
def test_what_is_no_arithmetic(expression: str) -> None:
    """Nothing of Python but arithmetic is known."""
    with pytest.raises(ToolFailed):
        calculator(expression)


_leaves = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals("0", "1000", places=3).map(str),
    st.sampled_from(["9e9998", "1e-9998", "0", "pi", "e", "9" * 60, "1e99999999"]),
)
_expressions = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "^"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        st.tuples(
            st.sampled_from(
                ["sqrt", "exp", "ln", "log10", "sin", "tan", "factorial", "floor", "round", "abs"]
            ),
            inner,
        ).map(lambda parts: f"{parts[0]}({parts[1]})"),
        inner.map(lambda one: f"-{one}"),
    ),
    max_leaves=40,
)


@examples(300)
@given(_expressions | st.text("0123456789.+-*/%^(),e sqrtlnpi", max_size=500))
@example("9**" * 166 + "9")
@example("(" * 250 + ")" * 250)
@example("-" * 499 + "1")
@example("sqrt(" * 99 + "2")
@example("exp(" * 80 + "1" + ")" * 80)
@example("1.0000000000000001 ** 1e17")
@example("1e9999 ** 1e9999")
@example("factorial(1000) ** factorial(1000)")
@example("0.1 ** 0.1 ** 0.1 ** 0.1 ** 0.1 ** 0.1")
def test_it_is_never_long_about_it(expression: str) -> None:
    """Whatever is asked, there is an answer or a sentence at once."""
    began = time.process_time()
    found = "0"
    with suppress(ToolFailed):
        found = called(calculator, json.dumps({"expression": expression[:500] or " "}))["result"]
    assert Decimal(found).is_finite()
    assert len(found) < 80
    assert time.process_time() - began < _BOUND


_fractions = st.integers(-50, 50).map(str)


@examples(200)
@given(
    st.recursive(
        _fractions.map(lambda n: f"({n})"),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
            lambda parts: f"({''.join(parts)})"
        ),
        max_leaves=12,
    )
)
def test_it_calculates_as_python_does(expression: str) -> None:
    """Sums and products of whole numbers are those of Python's whole numbers."""
    expected = Fraction(eval(expression))
    found = calculator(expression)
    if found["exact"]:
        assert Fraction(found["result"]) == expected
    else:
        assert len(str(expected)) > 49
