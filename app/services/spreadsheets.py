"""What a spreadsheet would make of a cell, and how it is kept from it."""

from __future__ import annotations

import re

# It takes a cell for a formula that begins with one of these, or looks behind it.
_FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def harmless(cell: str) -> str:
    """The same, and no formula. A negative number is none."""
    if cell.startswith(_FORMULAS) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
