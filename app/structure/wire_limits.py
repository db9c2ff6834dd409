"""Whether a schema that was written is within what a provider takes."""

from __future__ import annotations

from typing import Any

from app.structure.dialects import Limits

JSON = Any


def exceeded(schema: dict[str, JSON], limits: Limits) -> str | None:
    """The limit that is broken, as `Loosened.reason`; None if none is."""
    count = _Count(schema)
    broken = {
        "too_many_fields": count.fields > limits.fields,
        "too_deep": count.depth(schema) > limits.depth,
        "too_many_enum_values": count.enum_values > limits.enum_values,
        "too_many_characters": count.characters > limits.characters,
        "too_many_optional_fields": count.optional > limits.optional,
        "too_many_unions": count.unions > limits.unions,
    }
    return next((name for name, is_broken in broken.items() if is_broken), None)


class _Count:
    """What there is of everything; what is shared is counted once, except in depth."""

    def __init__(self, schema: dict[str, JSON]) -> None:
        self.fields = self.enum_values = self.characters = self.optional = self.unions = 0
        self._defs = schema.get("$defs", {})
        self._depths: dict[str, int] = {}
        self.characters += sum(map(len, self._defs))
        for part in (schema, *self._defs.values()):
            self._add(part)

    def _add(self, schema: JSON) -> None:
        if not isinstance(schema, dict):
            return
        fields = schema.get("properties", {})
        values = schema.get("enum", ())
        self.fields += len(fields)
        self.optional += len(fields.keys() - set(schema.get("required", ())))
        self.enum_values += len(values)
        self.characters += sum(map(len, fields)) + sum(len(str(value)) for value in values)
        self.unions += "anyOf" in schema or isinstance(schema.get("type"), list)
        for inner in _inside(schema):
            self._add(inner)

    def depth(self, schema: JSON) -> int:
        """Objects within one another; going round a circle adds nothing."""
        if not isinstance(schema, dict):
            return 0
        reference = schema.get("$ref")
        if reference is None:
            deepest = max(map(self.depth, _inside(schema)), default=0)
            return deepest + ("properties" in schema)
        if reference not in self._depths:
            self._depths[reference] = 0
            target = self._defs.get(reference.removeprefix("#/$defs/"))
            self._depths[reference] = self.depth(target)
        return self._depths[reference]


def _inside(schema: dict[str, JSON]) -> list[JSON]:
    held = [schema[keyword] for keyword in ("items", "additionalProperties") if keyword in schema]
    return [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *held]
