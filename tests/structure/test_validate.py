"""What is wrong with a value is said by place, in words that a model can act on."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from app.structure.schema import MOST_DEPTH_OF_VALUE, load
from app.structure.violations import MOST, Violation


def _violations(schema: Any, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return [(found.path, found.code) for found in load(schema).validate(value)]


_INVOICE = {
    "type": "object",
    "properties": {
        "total": {"type": "number", "minimum": 0},
        "lines": {
            "type": "array",
            "items": {"type": "object", "required": ["text"]},
            "minItems": 1,
        },
    },
    "required": ["total", "lines"],
    "additionalProperties": False,
}


def test_all_is_said_by_its_place() -> None:
    """A missing field and one too many have places of their own, as every other violation has."""
    value = {"total": -1, "lines": [{"text": "a"}, {}], "note": "x"}
    assert sorted(_violations(_INVOICE, value)) == [
        (("lines", 1, "text"), "required"),
        (("note",), "additional_properties"),
        (("total",), "minimum"),
    ]


def test_a_valid_value_has_none() -> None:
    """Nothing is said where nothing is wrong."""
    assert load(_INVOICE).validate({"total": 1.5, "lines": [{"text": "a"}]}) == []


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"type": "integer"}, "1", 'It must be of type "integer".'),
        ({"enum": ["a", 1]}, "b", 'It must be one of "a", 1.'),
        ({"maxLength": 2}, "abc", "It must have at most 2 characters."),
        ({"format": "date"}, "2026-02-30", 'It is not a valid "date".'),
        ({"required": ["a"]}, {}, "This field is missing."),
        ({"not": {"type": "string"}}, "a", 'It is as it must not be: {"type": "string"}.'),
        ({"pattern": "^a$"}, "b", 'It must match the pattern "^a$".'),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, "A field's name is wrong: "),
        (
            {"oneOf": [{"type": "number"}, {"type": "integer"}]},
            1,
            "It fits more than one alternative",
        ),
    ],
)
def test_the_sentence_says_what_is_wanted(schema: Any, value: Any, sentence: str) -> None:
    """Each keyword has a sentence of its own."""
    (found,) = load(schema).validate(value)
    assert found.sentence.startswith(sentence)


def test_the_alternative_that_was_meant_is_explained() -> None:
    """Of a union, the option with the value's mark is held against it, and not all of them."""
    options = [
        {"properties": {"kind": {"const": kind}, "size": {"type": type_}}, "required": ["kind"]}
        for kind, type_ in (("a", "integer"), ("b", "string"))
    ]
    found = _violations({"anyOf": options, "type": "object"}, {"kind": "b", "size": 1})
    assert found == [(("size",), "type")]


def test_a_union_that_nothing_fits_is_one_violation() -> None:
    """Its sentence lists what each option would have wanted."""
    found = load({"anyOf": [{"type": "string"}, {"type": "null"}]}).validate(1)
    wanted = 'It must be of type "string". Or: It must be of type "null".'
    assert found == [Violation((), "any_of", f"It fits none of the 2 alternatives. {wanted}")]


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07"])
@pytest.mark.parametrize(
    ("name", "good"), [("date", "2026-02-28"), ("uuid", f"{0:08}" + "-0000" * 3 + f"-{0:012}")]
)
def test_formats_hold_in_every_draft(draft: str, name: str, good: str) -> None:
    """Also those that are younger than the draft."""
    schema = load({"$schema": f"http://json-schema.org/{draft}/schema#", "format": name})
    assert schema.validate(good) == []
    assert [found.code for found in schema.validate("2026-02-30")] == ["format"]


def test_a_value_can_be_too_deep() -> None:
    """Beyond a depth a value is not looked at, whatever its schema."""
    value: Any = 1
    for _ in range(MOST_DEPTH_OF_VALUE + 1):
        value = [value]
    assert _violations({}, value) == [((), "too_deep")]
    assert _violations({}, value[0]) == []


def test_there_is_an_end_to_what_is_said() -> None:
    """A value with a thousand faults has fifty violations."""
    assert len(load({"items": {"type": "string"}}).validate([1] * 1_000)) == MOST


def test_a_pattern_that_backtracks_is_given_up() -> None:
    """A lookaround may backtrack; it is stopped early, and the value is wrong."""
    start = process_time()
    found = _violations({"pattern": "^(?=x)(x|xx|xxx)*(?<=y)$"}, "x" * 20_000)
    assert process_time() - start < 1
    assert len(found) == 1


@pytest.mark.parametrize("depth", [4, 60])
@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_circles_do_not_multiply_the_work(keyword: str, depth: int) -> None:
    """Two parts that both lead on into the same field cost no more than a moment, however deep."""
    inner = {"properties": {"next": {"$ref": "#"}}, "required": ["kind"]}
    options = [{**inner, "title": "a"}, {**inner, "title": "b"}]
    schema = load({"type": ["object", "integer"], keyword: options})
    value: Any = "wrong"
    for _ in range(depth):
        value = {"next": value, "kind": 1}
    start = process_time()
    assert schema.validate(value)
    assert process_time() - start < 1
