"""A JSON Schema that a caller sent: checked, compiled, and safe to hold any value against."""

from __future__ import annotations

from itertools import islice
from typing import Any

import jsonschema_rs

from app.structure.applicators import Entanglement, TooEntangled
from app.structure.compiling import compiled, is_legacy
from app.structure.limits import measure, refuse
from app.structure.references import References
from app.structure.violations import MOST, Violation, violations

JSON = Any

# Deeper values are not looked at: checking them would go as deep on the stack.
MOST_DEPTH_OF_VALUE = 64
# Where saying what is wrong would take more steps than this (40 µs each), only that is said.
_MOST_WORDS = 5_000


class Schema:
    """What `load` made of a document. It never changes, and may be kept and shared."""

    def __init__(
        self, document: JSON, validator: jsonschema_rs.Validator, references: References
    ) -> None:
        self.document = document
        self.references = references
        self._validator = validator
        self._entanglement = Entanglement(references)
        self._entanglement.work(document)

    def validate(self, value: JSON) -> list[Violation]:
        """All that is wrong with a value (JSON in Python's types), at most 50; [] if nothing is.

        Formats are checked in every draft.
        """
        depth = depth_of(value, MOST_DEPTH_OF_VALUE)
        if depth > MOST_DEPTH_OF_VALUE:
            sentence = f"It is nested more than {MOST_DEPTH_OF_VALUE} levels deep. Make it flatter."
            return [Violation((), "too_deep", sentence)]
        try:
            if self._validator.is_valid(value):
                return []
            if self._work(depth) > _MOST_WORDS:
                return [Violation((), "schema", "It does not fit the schema.")]
            return list(islice(violations(self._validator.iter_errors(value)), MOST))
        except UnicodeEncodeError:
            return [Violation((), "not_text", "A text in it holds half of a surrogate pair.")]

    def _work(self, depth: int) -> int:
        try:
            return self._entanglement.work_within(self.document, depth)
        except TooEntangled:
            return _MOST_WORDS + 1


def load(document: object) -> Schema:
    """Check and compile a JSON Schema (2020-12 if it does not say; draft 4 to 2019-09 too).

    Nothing is ever fetched: a reference must lead into the document itself.

    Raises:
        BadInput: for the field `schema`, with a sentence that says what to change.
    """
    if not isinstance(document, dict | bool):
        refuse("a JSON Schema is an object.")
    measure(document)
    try:
        validator = compiled(document)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        refuse(_reason(error))
    try:
        return Schema(document, validator, References(document, legacy=is_legacy(validator)))
    except TooEntangled:
        refuse(
            "its references multiply, so that checking a value could take for ever. "
            "Let fewer parts refer to one another."
        )


def _reason(error: Exception) -> str:
    text = str(getattr(error, "message", error))
    if "not present in a registry" in text:
        address = text.split("'")[1][:200] if "'" in text else "another document"
        return (
            f"it refers to {address}, and only references into the schema itself are "
            "followed. Put what it refers to into $defs."
        )
    if "does not exist" in text or "Anchor" in text:
        return f"a reference in it leads nowhere. {text[:200]}."
    if "meta-schema" in text:
        return "its $schema names a draft that is not known. Leave it out, or name 2020-12."
    if text.endswith('is not a "regex"'):
        return f"{text[:200]}: the pattern cannot be used. Correct or simplify it."
    return f"it is not a valid JSON Schema. {text[:200]}"


def depth_of(value: JSON, most: int) -> int:
    """Levels of objects and arrays in a value; beyond `most` it is not counted further."""
    depth = 0
    level = [value] if isinstance(value, dict | list) else []
    while level and depth <= most:
        depth += 1
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
    return depth
