"""Markdown from a model, as HTML that a page may insert."""

import re
from collections.abc import Iterator

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_BLOCKS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_SPANS = {"a", "br", "code", "em", "s", "strong"}
_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
SCHEMES = {"http", "https", "mailto"}

# A relative address would point at this server, with the reader's rights: only full ones pass.
_ALLOWED = {
    ("a", "href"): re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE),
    ("a", "title"): re.compile(r".*", re.DOTALL),
    ("code", "class"): re.compile(r"language-[\w+#.-]{1,40}"),
    ("ol", "start"): re.compile(r"\d{1,9}"),
    ("td", "align"): re.compile(r"left|center|right"),
    ("th", "align"): re.compile(r"left|center|right"),
}


# The cleaner shows its own additions to the filter too.
_ADDED = {("a", "rel"), ("a", "target")}


def _filter(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) in _ADDED:
        return value
    pattern = _ALLOWED.get((tag, attribute))
    return value if pattern and pattern.fullmatch(value) else None


_CLEANER = nh3.Cleaner(
    tags=_BLOCKS | _SPANS | _TABLES,
    attributes=ATTRIBUTES,
    attribute_filter=_filter,
    url_schemes=SCHEMES,
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def _without_images(children: list[Token]) -> Iterator[Token]:
    """Images become links: loading a remote image tells its server what was said here."""
    depth = 0
    for token in children:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type == "image":
            yield from _image_as_link(token, nested=depth > 0)
        else:
            yield token


def _image_as_link(image: Token, *, nested: bool) -> list[Token]:
    source = str(image.attrGet("src") or "")
    label = Token("text", "", 0, content=_plain(image.children or []) or source or "image")
    if nested:  # a link within a link is not HTML
        return [label]
    link = Token("link_open", "a", 1, attrs={"href": source})
    return [link, label, Token("link_close", "a", -1)]


def _plain(children: list[Token]) -> str:
    return "".join(
        _plain(token.children) if token.children else token.content for token in children
    )


def _images_to_links(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_without_images(token.children))


def _align_by_attribute(state: StateCore) -> None:
    """The page's policy forbids style attributes, which is how the parser aligns columns."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrs["align"] = style.removeprefix("text-align:")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("images_to_links", _images_to_links)
    parser.core.ruler.push("align_by_attribute", _align_by_attribute)
    return parser


_PARSER = _parser()


def render(text: str) -> str:
    """Raw HTML in the text comes out as visible text; what remains is cleaned once more."""
    return _CLEANER.clean(str(_PARSER.render(text)))
