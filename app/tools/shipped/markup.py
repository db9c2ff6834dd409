"""The text of an HTML page, in time that grows with its length alone, however it is written.

No parser that builds a tree does that: nested deeply enough, a page of a few hundred kilobytes
keeps one busy for minutes. So tags are only skipped, and what they mean for the lines is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
# Elements whose content is for nobody to read.
_UNREAD = "script|style|noscript|template|svg|iframe|object|select"
_ENDS = {name: re.compile(f"</{name}(?![a-zA-Z0-9])", re.IGNORECASE) for name in _UNREAD.split("|")}
_TITLE_END = re.compile("</title", re.IGNORECASE)
_ITEM = {"li": "\n- ", "td": " ", "th": " ", "br": "\n"}
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "summary", "table"),
        *("tr", "ul"),
    }
)
# So long a number is no character, and would be read in quadratic time.
_HUGE_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")
_SPACES = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_AT_ONCE = 50  # pieces between two rests
_LONGEST = 10_000  # characters of one


def text_of(html: str, rest: Callable[[], object]) -> tuple[str, str]:
    """Title and text. `rest` is called again and again, so that others can have their turn."""
    title, pieces = "", list[str]()
    for number, piece in enumerate(_pieces(html)):
        if number % _AT_ONCE == _AT_ONCE - 1:
            rest()
        if isinstance(piece, _Title):
            title = title or piece.strip()
        else:
            pieces.append(piece)
    lines = (line.strip() for line in "".join(pieces).split("\n"))
    return title, _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


class _Title(str):
    __slots__ = ()


def _pieces(html: str) -> Iterator[str]:
    """Text, and line breaks in the place of tags. Each search goes on or is the last one."""
    at = 0
    while (tag := html.find("<", at)) >= 0:
        yield from _words(html, at, tag)
        found = _TAG.match(html, tag)
        if found is None and not html.startswith(("<!", "<?"), tag):
            at = tag + 1
            yield "<"
            continue
        comment = html.startswith("<!--", tag)
        end = html.find("-->" if comment else ">", tag + 1)
        if end < 0:
            return
        at = end + (3 if comment else 1)
        if found is None:
            continue
        name, opens = found[2].lower(), not found[1]
        if opens and name in _ENDS:
            if (closing := _ENDS[name].search(html, at)) is None:
                return
            at = closing.start()
        elif opens and name == "title":
            closing = _TITLE_END.search(html, at)
            if closing is None:
                return
            yield _Title("".join(_words(html, at, min(closing.start(), at + _LONGEST))))
            at = closing.start()
        elif name in _BLOCKS:
            yield "\n"
        elif opens and name in _ITEM:
            yield _ITEM[name]
    yield from _words(html, at, len(html))


def _words(html: str, start: int, end: int) -> Iterator[str]:
    """As they are read: entities as what they stand for, all spaces alike."""
    for at in range(start, end, _LONGEST):
        piece = html[at : min(at + _LONGEST, end)]
        if "&" in piece:
            piece = unescape(_HUGE_NUMBER.sub("", piece))
        yield _SPACES.sub(" ", piece)
