"""What the options of `flask extract` name: a schema, and the form of the results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from app.errors import BadInput
from app.schemas.extraction import registry
from app.services.batches.lines import Lines
from app.services.batches.results import Form
from app.services.batches.table import Table


def schema_of(named: str) -> str | Mapping[str, Any]:
    """A registered schema's name, or what is in the file of that name. Raises BadInput, OSError."""
    path = Path(named)
    if path.suffix != ".json" and not path.is_file():
        return named
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadInput(f"{named} is not valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise BadInput(f"{named} is no JSON Schema: that is an object.")
    return found


def form_of(out: Path, schema: Any) -> Form:
    """By the name of the file. Raises BadInput."""
    if out.suffix in (".jsonl", ".ndjson"):
        return Lines()
    if out.suffix == ".csv":
        return Table(schema)
    raise BadInput(f"{out} must end in .jsonl or .csv, which says how results are written.")


def shape_of(schema: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON Schema; with a registered one its name and version as well, which mean rules."""
    if not isinstance(schema, str):
        return {"schema": schema}
    found = registry.find()[schema]
    return {"name": found.name, "version": found.version, "schema": found.json_schema}
