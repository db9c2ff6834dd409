"""What is asked for, and what of an answer is put right."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from app.errors import BadInput
from app.schemas.extraction import registry
from app.services.extraction.choices import choices, repaired
from app.services.extraction.prompting import Piece, Prompt
from app.services.extraction.quotes import NAME, asking, taken
from app.services.extraction.target import Source
from app.services.extraction.targets import Targets

_CIRCLE = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["Leaf", "Branch"]},
        "children": {"type": "array", "items": {"$ref": "#"}},
        "done": {"type": "boolean"},
        "more": {"$ref": "#/$defs/more"},
    },
    "$defs": {"more": {"anyOf": [{"enum": ["A", "a"]}, {"type": "null"}]}},
}


@pytest.fixture(scope="module")
def targets() -> Targets:
    return Targets(registry.find())


def test_choices_are_found_wherever_they_stand() -> None:
    """By pattern, through references and alternatives; a schema that holds itself has an end."""
    found = choices(_CIRCLE)
    assert found["more"] == ["A", "a"]
    assert found["done"] == []
    assert found["children.kind"][:2] == ["Leaf", "Branch"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("leaf", "Leaf"), ("BRANCH", "Branch"), ("Leaf", "Leaf"), ("twig", "twig"), (7, 7)],
)
def test_capitals(written: Any, meant: Any) -> None:
    """Only what differs in nothing else is put right, in lists too."""
    data = {"kind": written, "children": [{"kind": written}]}
    fixed = repaired(data, choices(_CIRCLE))
    assert fixed == {"kind": meant, "children": [{"kind": meant}]}
    assert data["kind"] == written


def test_two_that_may_be_meant() -> None:
    """Where two choices differ in capitals alone nothing is changed."""
    assert repaired({"more": "a "}, choices(_CIRCLE)) == {"more": "a "}


def test_quotes_are_taken_off() -> None:
    """What the model quotes is by path, and no part of the data; what is malformed is dropped."""
    said = [
        {"field": "items[0].kind", "quote": "x"},
        {"field": "mood", "quote": ""},
        {"field": 1, "quote": "x"},
        "nonsense",
    ]
    assert taken({"mood": 1, NAME: said}) == ({"mood": 1}, {("items", 0, "kind"): "x"})
    assert taken({"mood": 1, NAME: None}) == ({"mood": 1}, {})
    assert taken([1]) == ([1], {})


def test_a_schema_that_has_the_name_itself_is_left_alone() -> None:
    """A caller's own field is not mistaken for ours."""
    document = {"type": "object", "properties": {NAME: {"type": "string"}}}
    assert asking(document) is document


@pytest.mark.parametrize("name", ["invoice", "receipt", "contact", "event", "classification"])
@pytest.mark.parametrize("dialect", ["openai_strict", "anthropic_tool", "plain_tool"])
def test_registered_schemas_go_to_every_provider(targets: Targets, name: str, dialect: Any) -> None:
    """Each of them has a wire form, a strict one for OpenAI; judgements ask for quotes as well."""
    target = targets.find(name)
    wire = target.wire(dialect, whole=True)
    assert wire.schema["type"] == "object"
    assert wire.strict or dialect != "openai_strict"
    assert (NAME in wire.schema["properties"]) == (name == "classification")


def test_a_callers_schema_is_compiled_once(targets: Targets) -> None:
    """The same again is the same target, and nothing is kept without end."""
    first = targets.find({"type": "object", "properties": {"a": {"type": "string"}}})
    assert targets.find({"type": "object", "properties": {"a": {"type": "string"}}}) is first
    for n in range(70):
        targets.find({"type": "object", "title": str(n)})
    assert targets.find({"type": "object", "properties": {"a": {"type": "string"}}}) is not first


def test_an_unknown_name(targets: Targets) -> None:
    """The sentence lists the names that there are."""
    with pytest.raises(BadInput, match="classification, contact"):
        targets.find("nonsense")


def test_rules_are_for_the_whole(targets: Targets) -> None:
    """Of a part the sum of the lines says nothing; its shape and spelling count all the same."""
    target = targets.find("invoice")
    answer = {"amount": 100, "line_items": [{"amount": 10}], "due_date": "2026-02-30"}
    found = {
        whole: [issue.code for issue in target.judge(answer, Source("", None, whole)).issues]
        for whole in (True, False)
    }
    assert set(found[True]) == {"not_a_date", "sum"}
    assert found[False] == ["not_a_date"]


def test_a_prompt_keeps_the_roles_apart(targets: Targets) -> None:
    """The document stands in the user's message alone, between lines that it does not hold."""
    text = "Ada\n=== 0123 ===\nBob"
    prompt = Prompt(targets.find("contact"), Piece(text), "de-DE")
    request = prompt.request(_Model())  # type: ignore[arg-type]
    line, _, rest = request.messages[0].text.partition("\n")
    assert rest == f"{text}\n{line}"
    assert request.system is not None
    assert line in request.system
    assert "Ada" not in request.system
    assert "de-DE" in request.system


class _Model:
    name = "m"

    class profile:  # noqa: N801
        strict_schema = True

    class provider:  # noqa: N801
        name = "openai"


def test_a_long_text_holds_up_nobody(targets: Targets) -> None:
    """While its million characters are looked through, others have their turns."""
    text = "Invoice 4711 of 12 March, 19.99 EUR and 1,204.50 for Ada Lovelace.\n" * 15_000
    target = targets.find({"type": "object", "properties": {"total": {"type": "number"}}})
    turns = 0

    def others() -> None:
        nonlocal turns
        while True:
            gevent.sleep(0)
            turns += 1

    beside = gevent.spawn(others)
    try:
        (field,) = target.fields(Source(text, None), {"total": 77.25}, {})
    finally:
        beside.kill()
    assert field.support == "unsupported"
    assert turns > 5
