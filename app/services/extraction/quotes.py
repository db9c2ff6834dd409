"""The words that a model says a judgement of its was made of, beside the data itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.evidence.issues import Path

NAME = "evidence_quotes"
_ASKED = {
    "type": "array",
    "description": (
        "For each field whose value is a judgement, or does not stand in the document word for "
        "word: the field, as items.0.kind, and the document's own words that it follows from."
    ),
    "items": {
        "type": "object",
        "properties": {"field": {"type": "string"}, "quote": {"type": "string"}},
        "required": ["field", "quote"],
        "additionalProperties": False,
    },
}


def asking(document: Any) -> Any:
    """A schema that asks for quotes as well; the same one where there is no place for them."""
    fields = document.get("properties") if isinstance(document, dict) else None
    if not isinstance(fields, dict) or NAME in fields:
        return document
    return {**document, "properties": {**fields, NAME: _ASKED}}


def taken(answer: Any) -> tuple[Any, dict[Path, str]]:
    """The data without the quotes, and these by path."""
    if not isinstance(answer, dict) or NAME not in answer:
        return answer, {}
    data = {name: value for name, value in answer.items() if name != NAME}
    said = answer[NAME] if isinstance(answer[NAME], list) else []
    return data, {_path(one["field"]): one["quote"] for one in said if _is_quote(one)}


def _is_quote(said: Any) -> bool:
    return isinstance(said, Mapping) and all(
        isinstance(said.get(name), str) and said[name] for name in ("field", "quote")
    )


def _path(written: str) -> Path:
    steps = written.replace("[", ".").replace("]", "").split(".")
    return tuple(int(step) if step.isascii() and step.isdigit() else step for step in steps)
