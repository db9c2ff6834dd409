"""How large and how wild a schema may be. Everything here is refused before it is compiled."""

from __future__ import annotations

from typing import Any, NoReturn

from app.errors import BadInput
from app.structure.patterns import anatomy

MOST_DEPTH = 64
MOST_VALUES = 10_000
MOST_CHARACTERS = 500_000
MOST_REFERENCES = 1_000
MOST_PATTERN = 1_000
MOST_PATTERNS = 20_000  # atoms of all patterns, as they are unrolled: compiling one takes 3 µs


def refuse(sentence: str) -> NoReturn:
    """Raise BadInput for the field `schema`."""
    whole = f"The schema was refused: {sentence}"
    raise BadInput(whole, errors={"schema": [whole]})


def measure(document: Any) -> None:
    """Refuse what is too deep or too large, and what no JSON could be. Raises BadInput."""
    values = characters = references = atoms = 0
    level: list[Any] = [document]
    depth = 0
    while level:
        depth += 1
        values += len(level)
        if depth > MOST_DEPTH:
            refuse(f"it is nested more than {MOST_DEPTH} levels deep. Make it flatter.")
        if values > MOST_VALUES:
            refuse(f"it has more than {MOST_VALUES:,} parts. Make it smaller.")
        inside: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                references += "$ref" in value
                characters += sum(map(_length, value))
                inside += value.values()
                atoms += _atoms(value)
            elif isinstance(value, list):
                inside += value
            elif isinstance(value, str):
                characters += _length(value)
        if characters > MOST_CHARACTERS:
            refuse(f"it has more than {MOST_CHARACTERS:,} characters. Make it smaller.")
        if references > MOST_REFERENCES:
            refuse(f"it has more than {MOST_REFERENCES:,} references. Make it smaller.")
        if atoms > MOST_PATTERNS:
            refuse("its patterns repeat too much. Use maxLength, or a pattern with fewer counts.")
        level = inside


def _length(text: Any) -> int:
    if not isinstance(text, str):
        refuse("a name in it is not text. Send it as JSON.")
    if not text.isascii() and any("\ud800" <= ch <= "\udfff" for ch in text):
        refuse("a text in it holds half of a surrogate pair. Send it as UTF-8.")
    return len(text)


def _atoms(schema: dict[str, Any]) -> int:
    """The size of the patterns that the schema itself has. Raises BadInput."""
    patterns = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
    if isinstance(named := schema.get("patternProperties"), dict):
        patterns += named
    return sum(map(_checked, patterns))


def _checked(pattern: str) -> int:
    if _length(pattern) > MOST_PATTERN:
        refuse(f"a pattern in it has more than {MOST_PATTERN:,} characters. Make it shorter.")
    explosive, size = anatomy(pattern)
    if explosive:
        refuse(
            f"the pattern {pattern[:80]!r} repeats a repetition, which can take exponential "
            "time. Write it so that a text can match it in one way only."
        )
    return size
