"""Capitals of choices, which providers don't guarantee, put right where only one can be meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from marshmallow.validate import OneOf

from app.evidence.issues import Path, only_in_capitals
from app.schemas.extraction.walk import Field, each, replaced


def repaired(schema: Schema, answer: Mapping[str, Any]) -> tuple[dict[str, Any], list[Path]]:
    """The answer with its choices as the schema writes them, and where they were not."""
    said = dict(answer)
    mended: list[Path] = []
    for path, field, value in each(schema, answer):
        choices = _choices(field)
        if isinstance(value, str) and choices and value not in choices:
            choice = only_in_capitals(value, choices)
            if choice is not None:
                said = replaced(said, path, choice)
                mended.append(path)
    return said, mended


def _choices(field: Field) -> list[str]:
    found = [validator for validator in field.validators if isinstance(validator, OneOf)]
    return [choice for one in found for choice in one.choices if isinstance(choice, str)]
