"""The registered schemas, as values that ask nobody to know marshmallow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from marshmallow import Schema, fields

from app.evidence.issues import Path, pattern
from app.evidence.locales import Locale
from app.schemas import extraction
from app.schemas.extraction.base import Checked, Extracted
from app.schemas.extraction.json_schema import json_schema
from app.schemas.extraction.values import Reading


@dataclass(frozen=True)
class Registered:
    """A schema. The mappings are by pattern, as `line_items.amount`."""

    name: str
    version: str
    description: str
    json_schema: Mapping[str, Any]
    # How pieces of a long text are merged, for `merging.merge`.
    merge: Mapping[str, str]
    # For `fields.Hints`.
    labels: Mapping[str, Sequence[str]]
    judged: frozenset[str]
    beside: frozenset[str]
    check: Callable[..., Checked]

    def examine(
        self, answer: object, source: str, locale: Locale | None, *, rules: bool = True
    ) -> Checked:
        """An answer about `source`; of a part of it the rules ask more than it can say."""
        return self.check(answer, Reading.of(source, locale), rules=rules)


def find() -> dict[str, Registered]:
    """All that the package's files hold, by name. Raises ValueError where two share one."""
    found: dict[str, Registered] = {}
    for module in iter_modules(extraction.__path__):
        for kind in vars(import_module(f"{extraction.__name__}.{module.name}")).values():
            if _is_schema(kind) and kind.__module__.endswith(f".{module.name}"):
                if kind.name in found:
                    raise ValueError(f"Two extraction schemas have the name {kind.name!r}.")
                found[kind.name] = _registered(kind)
    return dict(sorted(found.items()))


def _is_schema(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Extracted) and bool(kind.name)


def _registered(kind: type[Extracted]) -> Registered:
    declared = dict(_declared(kind(), ()))
    evidence = {path: said.get("evidence") for path, said in declared.items()}
    described = json_schema(kind)
    return Registered(
        name=kind.name,
        version=kind.version,
        description=described.get("description", ""),
        json_schema=described,
        merge={path: said["merge"] for path, said in declared.items() if "merge" in said},
        labels={path: said["labels"] for path, said in declared.items() if said.get("labels")},
        judged=frozenset(path for path, how in evidence.items() if how == "judgement"),
        beside=frozenset(path for path, how in evidence.items() if how == "beside"),
        check=lambda answer, reading, **how: kind().check(answer, reading, **how),
    )


def _declared(schema: Schema, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """By pattern, what is declared on a field."""
    for name, field in schema.fields.items():
        here = (*path, name)
        yield pattern(here), field.metadata
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested) and type(inner.schema) is not type(schema):
            yield from _declared(inner.schema, here)
