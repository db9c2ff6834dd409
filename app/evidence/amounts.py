"""An amount as somebody wrote it, with its currency, parentheses and separators."""

from __future__ import annotations

import re
from decimal import Decimal
from unicodedata import category

from app.evidence import numbers
from app.evidence.issues import Unclear
from app.evidence.locales import Locale
from app.evidence.writing import plain

_NUMBER = re.compile("[0-9](?:[0-9.,'٬٫\xa0 ]*[0-9])?")
_LONGEST = 100
# A currency's name, code or sign beside the number.
_BESIDE = 10


def read(written: str, locale: Locale, mark: str | None = None) -> Decimal:
    """The one amount that it can mean; `mark` is that of the text that it comes from.

    Raises Unclear: `not_an_amount`, or `ambiguous_amount` where only a locale could decide.
    """
    text = plain(written).strip()
    match = _NUMBER.search(text) if len(text) <= _LONGEST else None
    rest = f"{text[: match.start()]} {text[match.end() :]}" if match else text
    if not match or not _is_currency(rest):
        raise Unclear(
            "not_an_amount", f"{_shown(written)} is no amount. Write a number, as 1250.00."
        )
    values = numbers.readings(match[0], locale, mark)
    if not values:
        raise Unclear(
            "not_an_amount",
            f"The digits of {_shown(written)} are set apart as in no number. Write it as 1250.00.",
        )
    values = [-value for value in values] if _is_negative(text) else values
    if len(values) > 1:
        both = " or ".join(f"{value:f}" for value in values)
        raise Unclear(
            "ambiguous_amount",
            f"{_shown(written)} can mean {both}. Write a plain number if the text says which, "
            "or else null; the caller's locale would decide it.",
        )
    return values[0]


def _is_currency(rest: str) -> bool:
    held = rest.strip("()-+ \xa0")
    return len(held) <= _BESIDE and all(
        sign in " .()-+\xa0" or category(sign)[0] in "LM" or category(sign) == "Sc" for sign in held
    )


def _is_negative(text: str) -> bool:
    return (text.startswith("(") and text.endswith(")")) or "-" in text


def _shown(written: str) -> str:
    return f'"{written[:40]}…"' if len(written) > 40 else f'"{written}"'
