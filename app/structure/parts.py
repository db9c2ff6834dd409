"""A schema taken apart: all that bears on one place, in the words of 2020-12."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.structure.references import References
from app.structure.shapes import Loss

JSON = Any
Part = dict[str, JSON]

# What holds for a value without saying anything about its form.
_COMMENTS = {"title", "description", "default", "examples", "$comment", "deprecated", "readOnly"}
_NOT_FORM = _COMMENTS | {"required", "not", "minProperties", "maxProperties", "writeOnly"}
_CHOICES = ("anyOf", "oneOf")
NUMERIC = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
           "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")  # fmt: skip
# Said by nothing that we send, and kept to by validation alone.
_UNSAID = ("not", "if", "dependentRequired", "dependentSchemas", "dependencies", "propertyNames",
           "contains", "$dynamicRef", "$recursiveRef", "unevaluatedItems")  # fmt: skip


_LEFT_OUT = _COMMENTS | {"allOf", "$ref", "$defs", "definitions", "$schema", "$id", "id", *_CHOICES}


_MERE = _COMMENTS | {"$ref"}
# A reference may lead to what no draft has checked.
_KINDS: dict[str, type | tuple[type, ...]] = {
    "properties": dict,
    "patternProperties": dict,
    "additionalProperties": (dict, bool),
    "unevaluatedProperties": (dict, bool),
    "required": list,
    "prefixItems": list,
    "items": (dict, bool),
    "enum": list,
    "type": (str, list),
    "pattern": str,
    "format": str,
    "uniqueItems": bool,
    **dict.fromkeys(NUMERIC, (int, float)),
}


@dataclass(slots=True)
class Parts:
    """`own`: parts with nothing to combine, and no comments. `choices`: one of each must hold."""

    own: list[Part] = field(default_factory=list)
    choices: list[list[JSON]] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    impossible: bool = False
    description: str | None = None

    def plus(self, other: Parts, choices: list[list[JSON]]) -> Parts:
        return Parts(
            self.own + other.own,
            choices + other.choices,
            self.losses + other.losses,
            self.impossible or other.impossible,
            self.description or other.description,
        )


class Disassembly:
    """Follows references and takes `allOf` apart. Parts of one document stay the same objects."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._own: dict[int, tuple[Part, Part]] = {}

    def parts(self, schemas: tuple[JSON, ...]) -> Parts:
        """What all of the schemas say together of one place."""
        parts = Parts()
        todo, seen = list(reversed(schemas)), set[int]()
        while todo:
            schema = todo.pop()
            if schema is False:
                parts.impossible = True
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            todo += reversed(self._beside(schema, parts))
        return parts

    def followed(self, schema: JSON) -> tuple[JSON, str | None]:
        """Where a mere reference leads in the end, and how it describes that, if it does."""
        description = None
        while isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
            target = self._references.target(schema)
            mere = self._references.legacy or schema.keys() <= _MERE
            if target is None or not mere:
                break
            description = description or _description(schema)
            schema = target
        return schema, description

    def _beside(self, schema: Part, parts: Parts) -> list[JSON]:
        """Add what the schema says itself; return the schemas that must hold as well."""
        beside: list[JSON] = []
        parts.description = parts.description or _description(schema)
        if isinstance(schema.get("$ref"), str):
            target = self._references.target(schema)
            if target is None:
                parts.losses.append(Loss("$ref", "unresolved"))
            beside.append(target)
            if self._references.legacy:
                return beside
        parts.own.append(self._without_combinations(schema))
        parts.losses += [Loss(k, "unsupported", schema[k]) for k in _UNSAID if k in schema]
        for keyword in _CHOICES:
            if isinstance(options := schema.get(keyword), list):
                self._choose(keyword, options, parts)
        return beside + (all_of if isinstance(all_of := schema.get("allOf"), list) else [])

    def _choose(self, keyword: str, options: list[JSON], parts: Parts) -> None:
        """A choice among conditions, and not among forms, is left to validation."""
        if all(isinstance(o, dict) and o.keys() <= _NOT_FORM for o in options):
            parts.losses.append(Loss(keyword, "unsupported", options))
            return
        if keyword == "oneOf" and len(options) > 1:
            parts.losses.append(Loss(keyword, "one_of_as_any_of"))
        parts.choices.append(options)

    def _without_combinations(self, schema: Part) -> Part:
        """The schema's own words; the document's part is kept so that its id stays its own."""
        if id(schema) not in self._own:
            own = {k: v for k, v in schema.items() if k not in _LEFT_OUT}
            _modernise(own)
            self._own[id(schema)] = (own, schema)
        return self._own[id(schema)][0]


def _modernise(own: Part) -> None:
    """Older drafts: `exclusiveMinimum: true`, a list as `items`."""
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(own.get(exclusive), bool) and own.pop(exclusive) and limit in own:
            own[exclusive] = own.pop(limit)
    if isinstance(own.get("items"), list):
        own["prefixItems"] = own.pop("items")
        if "additionalItems" in own:
            own["items"] = own.pop("additionalItems")
    for keyword in [k for k in own if not isinstance(own[k], _KINDS.get(k, object))]:
        del own[keyword]


def _description(schema: Part) -> str | None:
    said = (schema.get("description"), schema.get("title"))
    return next((text for text in said if isinstance(text, str) and text), None)


def required_of(part: Part) -> list[str]:
    """The fields that must be there."""
    return [name for name in part.get("required", ()) if isinstance(name, str)]


def bearing(part: Part, name: str) -> list[JSON]:
    """What a part says of the field of this name. Patterns are left to validation."""
    if name in part.get("properties", {}):
        return [part["properties"][name]]
    if part.get("patternProperties"):
        return []
    return [part.get("additionalProperties", True)]


def item(part: Part, place: int) -> JSON:
    first = part.get("prefixItems", ())
    return first[place] if place < len(first) else part.get("items", True)
