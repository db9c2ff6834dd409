"""The registered schemas: found by themselves, described, and content with an unsure answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator, meta
from marshmallow import Schema, fields

from app.evidence.rules import OF_LISTS, OF_VALUES
from app.schemas import extraction
from app.schemas.extraction import registry
from app.schemas.extraction.json_schema import json_schema
from app.schemas.extraction.values import Reading
from tests.properties import any_texts, examples

_NAMES = ["classification", "contact", "event", "invoice", "receipt"]
_RECIPE = '''
"""Recipes."""
from app.schemas.extraction.base import Extracted
from app.schemas.extraction.fields import confidence, text, texts


class Recipe(Extracted):
    """How to cook something."""

    name = "recipe"
    version = "3"

    dish = text("what it is", merge="first", labels=("recipe for",))
    steps = texts("what to do", merge="concatenate")
    confidence = confidence()
'''
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_texts,
    lambda held: (
        st.lists(held, max_size=3) | st.dictionaries(st.text(max_size=5), held, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture
def another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "recipe.py").write_text(_RECIPE)
    monkeypatch.setattr(extraction, "__path__", [*extraction.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    sys.modules.pop("app.schemas.extraction.recipe", None)
    if hasattr(extraction, "recipe"):
        del extraction.recipe


def test_all_are_found() -> None:
    """Each file with a schema is there under the schema's name."""
    assert list(registry.find()) == _NAMES


@pytest.mark.usefixtures("another_file")
def test_adding_one_is_one_file() -> None:
    """A file beside the others is all that it takes."""
    recipe = registry.find()["recipe"]
    assert (recipe.version, recipe.description) == ("3", "How to cook something.")
    assert recipe.merge["steps"] == "concatenate"
    assert recipe.labels == {"dish": ("recipe for",)}
    assert recipe.beside == {"confidence"}
    assert recipe.check({"dish": "Soup"}, Reading()).issues == []


@pytest.mark.parametrize("name", _NAMES)
def test_each_is_described(name: str) -> None:
    """As valid JSON Schema 2020-12, with a sentence for the whole and for every field."""
    described = registry.find()[name].json_schema
    meta.validate(dict(described))
    assert json.loads(json.dumps(described)) == described
    assert described["description"].endswith("never guess.")
    objects = [described, *described.get("$defs", {}).values()]
    assert all(field["description"] for each in objects for field in each["properties"].values())
    assert all(each["additionalProperties"] is False for each in objects)


@pytest.mark.parametrize("name", _NAMES)
def test_unsure_is_an_answer(name: str) -> None:
    """Null for everything, and nothing at all, are accepted, and fit the JSON Schema."""
    registered = registry.find()[name]
    nulls = dict.fromkeys(registered.json_schema["properties"])
    for answer in ({}, nulls):
        checked = registered.check(answer, Reading())
        assert (checked.data, checked.issues) == (nulls, [])
        Draft202012Validator(dict(registered.json_schema)).validate(answer)


@pytest.mark.parametrize("name", ["invoice", "receipt"])
def test_unsure_of_a_line_is_an_answer(name: str) -> None:
    """A line item of nulls is accepted as well."""
    registered = registry.find()[name]
    line = dict.fromkeys(registered.json_schema["$defs"]["LineItem"]["properties"])
    assert registered.check({"line_items": [line, {}]}, Reading()).data["line_items"] == [
        line,
        line,
    ]


@pytest.mark.parametrize("name", _NAMES)
def test_every_merge_rule_is_one(name: str) -> None:
    """A rule for each field, of those that there are."""
    registered = registry.find()[name]
    assert set(registered.json_schema["properties"]) <= set(registered.merge)
    assert set(registered.merge.values()) <= {*OF_VALUES, *OF_LISTS}


@examples(150)
@given(st.sampled_from(_NAMES), _JSON, st.data())
def test_any_answer_is_checked(name: str, value: Any, data: st.DataObject) -> None:
    """Whatever a model sends, there are data or issues with a path and a sentence, and no error."""
    registered = registry.find()[name]
    names = st.sampled_from([*registered.json_schema["properties"], "surprise"])
    answer = data.draw(st.dictionaries(names, st.just(value) | _JSON, max_size=4) | _JSON)
    checked = registered.check(answer, Reading())
    assert all(issue.code and issue.sentence.endswith(".") for issue in checked.issues)
    if not checked.issues:
        again = registered.check(checked.data, Reading())
        assert (again.data, again.issues) == (checked.data, [])


def test_two_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, and not by chance of order."""
    (tmp_path / "twin.py").write_text(_RECIPE.replace('"recipe"', '"invoice"'))
    monkeypatch.setattr(extraction, "__path__", [*extraction.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with pytest.raises(ValueError, match="'invoice'"):
        registry.find()
    sys.modules.pop("app.schemas.extraction.twin")
    del extraction.twin  # type: ignore[attr-defined]


def test_any_schema_is_described() -> None:
    """This is no privilege of ours: what marshmallow has in fields has a type."""
    kinds = [fields.Str, fields.Int, fields.Float, fields.Bool, fields.Date, fields.Dict]
    made = Schema.from_dict({kind.__name__: kind(required=True) for kind in kinds}, name="Made")
    described = json_schema(made)
    assert [each["type"] for each in described["properties"].values()] == [
        *("string", "integer", "number", "boolean", "string", "object")
    ]
    assert described["required"] == [kind.__name__ for kind in kinds]
