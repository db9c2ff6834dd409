"""The text of pages, in time that grows with their length alone."""

from __future__ import annotations

import time
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tools.shipped.markup import text_of
from tests.properties import examples

_PAGE = """<!DOCTYPE html>
<html><head><title>Tea &amp; Coffee</title><style>p { color: red }</style>
<script>if (a < b) alert("</p>")</script></head>
<body><!-- <p>hidden</p> --><nav><a href="/">Home</a></nav>
<h1>Prices</h1><p>A <b>cup</b> of tea<br>costs 2&nbsp;&euro; &#8212; or&#x20;more.</p>
<ul><li>green<li>black</ul>
<table><tr><td>small</td><td>1</td></tr><tr><td>large</td><td>2</td></tr></table>
<p>1 < 2 &unknown; &#99999999999999; &lt;p&gt;</p></body></html>"""


def _text(html: str) -> str:
    return text_of(html, lambda: None)[1]


def test_a_page() -> None:
    """Title and text are what a reader sees, line by line."""
    title, text = text_of(_PAGE, lambda: None)
    assert title == "Tea & Coffee"
    assert [line for line in text.split("\n") if line] == [
        *["Home", "Prices", "A cup of tea", "costs 2 € — or more.", "- green", "- black"],
        *["small 1", "large 2", "1 < 2 &unknown; <p>"],
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<", "<"),
        ("a < b", "a < b"),
        ("a<!-- b", "a"),
        ("a<p", "a"),
        ("a<script>b", "a"),
        ("a<script>b</scripts></SCRIPT >c", "ac"),
        ("a<title>b", "a"),
        ("a<svg><title>b</title></svg>c", "ac"),
        ("<p>a<p>b", "a\nb"),
        ("a<?php b ?>c", "ac"),
        ("a</>b", "a</>b"),
        ("<P>a</P>\n\n\n<DIV>b</DIV>", "a\n\nb"),
    ],
)
def test_bad_html(html: str, text: str) -> None:
    """What has no end takes the rest with it, and nothing is an error."""
    assert _text(html) == text


_HOSTILE = {
    "nested": "<div>",
    "formatting": "<b class=a>",
    "comments": "<!--",
    "declarations": "<!a>",
    "brackets": "<",
    "ampersands": "&",
    "entities": "&abcdefghijklmnopqrstuvwxyzabcdef",
    "numbers": "&#1234567",
    "digits": "&#" + "9" * 5_000,
    "scripts": "<script>",
    "script ends": "<script></scrip",
    "titles": "<title></title>",
    "quotes": "<a b='",
    "lines": "<p>\n",
    "items": "<li>",
    "spaces": " ",
    "text": "a",
}


@pytest.mark.parametrize("kind", _HOSTILE)
def test_hostile_pages(kind: str) -> None:
    """A million characters take seconds at most, and others have their turn all the time."""
    piece = _HOSTILE[kind]
    html = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    pauses, last = [0.0], time.process_time()
    rests = count()

    def rest() -> None:
        nonlocal last
        next(rests)
        pauses.append(time.process_time() - last)
        last = time.process_time()

    began = time.process_time()
    text_of(html, rest)
    assert time.process_time() - began < 20
    assert max(pauses) < 1


@examples(200)
@given(
    st.lists(st.sampled_from([*"<>!-/?&;#= '\"", "p", "script", "title", "-->", "a"])).map("".join)
)
def test_any_page(html: str) -> None:
    """Whatever it is made of, it has a text, and none of its tags' names in brackets is left."""
    assert "<script>" not in _text(html)
