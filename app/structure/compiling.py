"""jsonschema-rs, set up so that no schema can reach the network or take for ever."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

# A pattern with a lookaround can backtrack; after so many steps the value counts as wrong. All
# others are matched in linear time.
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000, size_limit=1 << 20)
# Formats that older drafts do not know, and their schemas use all the same.
_FORMATS = {
    name: jsonschema_rs.validator_for({"format": name}, validate_formats=True).is_valid
    for name in ("date", "duration", "uuid")
}
_LEGACY = (
    jsonschema_rs.Draft4Validator,
    jsonschema_rs.Draft6Validator,
    jsonschema_rs.Draft7Validator,
)


def compiled(schema: Any) -> jsonschema_rs.Validator:
    """Formats are checked in every draft. Raises ValidationError, ReferencingError, ValueError."""
    return jsonschema_rs.validator_for(
        schema,
        formats=_FORMATS,
        validate_formats=True,
        pattern_options=_PATTERNS,
        offline=True,
    )


def is_legacy(validator: jsonschema_rs.Validator) -> bool:
    """Whether its draft is older than 2019-09."""
    return isinstance(validator, _LEGACY)
