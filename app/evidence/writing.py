"""Characters that mean the same, made the same."""

from __future__ import annotations

import re
from functools import cache
from sys import maxunicode
from unicodedata import category, decimal, normalize

# Of one character each, so that offsets stay.
_SIGNS = {
    "，": ",",
    "．": ".",
    "：": ":",
    "／": "/",
    "（": "(",
    "）": ")",
    "\u3000": " ",
    # Dashes, and the minus.
    **dict.fromkeys("－﹣−‐‑‒–—", "-"),
    # What stands where an apostrophe does.
    **dict.fromkeys("’‘ʼ＇`´", "'"),
    **dict.fromkeys("“”„«»＂", '"'),
    # Spaces that don't break a line are how thousands are set apart.
    **dict.fromkeys("\u2007\u2009\u202f", "\xa0"),
}
# Without a width: soft hyphen, joiners, marks of direction, variation selectors.
_UNSEEN = re.compile(
    "[\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]+"
)
# Written without spaces between words: each character stands for itself.
_SOLO = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
# The most of most texts, which goes faster by itself.
_ASCII = "[A-Za-z]"
_UNMARKED = r"(?=[\0-\xac\u3040-\u3098\u309b-\ua66e\uac00-\ud7a3]|\Z)"
_JAMO = "[\u1100-\u115f][\u1160-\u11a7]*+[\u11a8-\u11ff]*+"
_NUMBER = r"\d++(?:[.,'’٬٫，．\xa0\u2007\u2009\u202f]\d++)*+"


def plain(text: str) -> str:
    """Digits of all scripts as 0 to 9, and separators as ASCII has them; the offsets stay."""
    return text if text.isascii() else text.translate(_plain())


def fold(word: str) -> str:
    """What two spellings of one word have in common: not its capitals, width or composition."""
    if word.isascii():
        return word.lower()
    seen = plain(_UNSEEN.sub("", word))
    compatible = normalize("NFKC", seen)
    # ² is no 2, nor ½ 1⁄2: a digit must be there to be found.
    same = compatible if _digits(compatible) == _digits(seen) else normalize("NFC", seen)
    folded = same.casefold()
    return normalize("NFC", folded)


@cache
def tokens() -> re.Pattern[str]:
    """Words, numbers with their separators, single characters of scripts without spaces, signs."""
    marks = _marks()
    letter = rf"[^\W\d_\u1100-\u11ff{_SOLO}]"
    word = rf"{letter}(?:{letter}++|[{marks}]++)*+"
    signs = rf"[{_SOLO}]{_UNMARKED}|[{_SOLO}][{marks}]*+|{word}|{_JAMO}|\S[{marks}]*+"
    return re.compile(rf"(?:{_ASCII}++|{_NUMBER}|[!-/:-@\[-`{{-~])(?![^\0-\x7f])|{_NUMBER}|{signs}")


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))


@cache
def _plain() -> dict[int, str]:
    digits = {
        code: str(decimal(chr(code)))
        for code in range(0x80, maxunicode + 1)
        if chr(code).isdecimal()
    }
    return digits | {ord(sign): same for sign, same in _SIGNS.items()}


@cache
def _marks() -> str:
    """What belongs to the character before it, as a set for a pattern."""
    held = [chr(code) for code in range(0x300, 0x1F000) if category(chr(code))[0] == "M"]
    return "".join(held) + "\xad\u200b-\u200d\u2060\uff9e\uff9f"
