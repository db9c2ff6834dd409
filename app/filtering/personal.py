"""What tells of a person, as patterns with the checks that tell it from other numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

_LETTER, _DIGIT = "[A-Za-z]", "[0-9]"
_NAME = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


class Kind(NamedTuple):
    """`check` sees what the pattern has matched."""

    pattern: str
    check: Callable[[str], bool]


def luhn(text: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    digits = [int(sign) for sign in text if sign in "0123456789"]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    """The check digits of an account's number (ISO 13616): 1 is left over of 97."""
    packed = "".join(text.split()).upper()
    if not 15 <= len(packed) <= 34 or not packed.isascii():
        return False
    turned = packed[4:] + packed[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def phone(text: str) -> bool:
    """As many digits as a number has (ITU-T E.164)."""
    digits = sum(sign in "0123456789" for sign in text)
    return 8 <= digits <= 15


def _any(_: str) -> bool:
    return True


KINDS: Mapping[str, Kind] = {
    "email": Kind(
        f"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_NAME}\\.){{1,4}}{_LETTER}{{2,24}}", _any
    ),
    "card": Kind(f"{_DIGIT}(?:[ -]?{_DIGIT}){{12,18}}", luhn),
    "iban": Kind(f"{_LETTER}{{2}}{_DIGIT}{{2}}(?: ?[A-Za-z0-9]){{11,30}}", iban),
    # International, with + or 00; or national, with a 0 or an area code in brackets before it.
    "phone": Kind(
        f"(?:\\+|00)[1-9](?:[ ./-]{{0,2}}\\(?{_DIGIT}\\)?){{7,14}}"
        f"|0[1-9](?:[ /-]?{_DIGIT}){{6,12}}"
        f"|\\({_DIGIT}{{2,5}}\\)(?:[ -]?{_DIGIT}){{5,10}}"
        f"|[2-9]{_DIGIT}{{2}}[ .-]{_DIGIT}{{3}}[ .-]{_DIGIT}{{4}}",
        phone,
    ),
}
