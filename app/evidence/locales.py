"""What a caller's locale decides: the decimal mark, spaces in numbers, the order of dates.

After Unicode's CLDR. Where a language or region writes in more than one way, nothing is decided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(
    r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?"
    r"(?:[-_][A-Za-z0-9_-]+)?"
)


def _each(tags: str) -> frozenset[str]:
    return frozenset(tags.split())


_COMMA = _each(
    "af az be bg bs ca cs da de el es et eu fi fo fr gl hr hu hy id is it ka kk ky lb lt lv mk "
    "mn nb nl nn no pl pt ro ru sk sl sq sr sv tg tk tr uk uz vi"
)
_POINT = _each(
    "am bn cy en fil ga gu ha he hi ig ja kn ko ml mr ms mt my ne or pa ps sd si sw ta te th tl "
    "ur yo zh zu"
)
# Regions that write otherwise than their language does elsewhere.
_POINT_REGIONS = _each(
    "de-CH de-LI it-CH rm-CH es-MX es-US es-PR es-DO es-GT es-HN es-NI es-PA es-PE es-SV es-419"
)
_OPEN_REGIONS = _each("en-ZA en-BE en-CH en-DE en-DK en-FI en-NL en-SE fr-CH")
# Thousands are set apart with a space.
_SPACED = _each("be bg cs et fi fr hu hy ka kk ky lt lv nb nn no pl ru sk sv uk uz")

_MONTH_FIRST = _each("en-US en-PH en-PR en-GU en-AS en-UM en-VI en-MP es-PR es-PA es-US")
_YEAR_FIRST = _each("eu hu ja ko lt mn ne sv zh")
# English without a region is written both ways, and in Canada and South Africa all ways are.
_OPEN_ORDER = _each("en en-CA fr-CA en-ZA af-ZA en-KE fil tl")


@dataclass(frozen=True, slots=True)
class Locale:
    """None is: not decided."""

    decimal: str | None = None  # "." or ","
    spaces: bool | None = None  # whether a plain space may set thousands apart
    order: str | None = None  # "dmy", "mdy" or "ymd"


def locale(tag: str) -> Locale:
    """What BCP 47's `tag`, as `de-CH`, decides. Raises ValueError with a sentence."""
    match = _TAG.fullmatch(tag.strip())
    if not match:
        raise ValueError('Not a locale. Write a language and a region, as "de-CH" or "en-US".')
    language = match[1].lower()
    place = f"{language}-{(match[3] or '').upper()}" if match[3] else language
    mark = _mark(language, place)
    spaces = None if mark is None else language in _SPACED
    return Locale(mark, spaces, _order(language, place))


def _mark(language: str, place: str) -> str | None:
    if place in _OPEN_REGIONS:
        return None
    if place in _POINT_REGIONS or language in _POINT:
        return "."
    return "," if language in _COMMA else None


def _order(language: str, place: str) -> str | None:
    if place in _OPEN_ORDER:
        return None
    if place in _MONTH_FIRST:
        return "mdy"
    if language in _YEAR_FIRST:
        return "ymd"
    return "dmy" if language in _COMMA | _POINT | {"ar", "fa", "rm"} else None
