"""Whatever a model writes, the HTML made of it can do nothing."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.services.markdown import render

BLOCKS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
SPANS = {"a", "br", "code", "em", "s", "strong"}
TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
TAGS = BLOCKS | SPANS | TABLES
ATTRIBUTES = {"href", "title", "rel", "target", "class", "start", "align"}
HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<ScRiPt src=//e.vil>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<style>*{}</style>",
        "<!--",
        "]]>",
        "<a href='javascript:alert(1)'>",
        "[a](javascript:alert(1))",
        "[a](<java\nscript:x>)",
        "[a](&#106;avascript:alert(1))",
        "[a](data:text/html,<script>)",
        "![a](https://e.vil/leak.png)",
        '![a](https://e.vil "onload=x)',
        "<javascript:alert(1)>",
        '[a](https://x "\\" onclick=\\"alert(1)")',
        '```js" onclick=alert(1)\n',
        "``` <script>\n",
        "| a | b |\n|:-:|--:|\n",
        "[x]: javascript:alert(1)\n",
        "&lt;script&gt;",
        "&#60;script&#62;",
        "\x00",
        "> ",
        "- ",
        "\n\n",
        "`",
        "**",
        "](",
    ]
)
TEXTS = st.lists(HOSTILE | st.text(max_size=12), max_size=12).map("".join)


class _Elements(HTMLParser):
    """Every start tag with its attributes, and the text between, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TEXTS)
@example("<script>alert(1)</script>")
def test_no_text_yields_anything_that_runs(text: str) -> None:
    """No text yields a script tag, an event handler, a style, an image or a javascript: URL."""
    for tag, attributes in _Elements(render(text)).found:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES
        href = attributes.get("href")
        assert href is None or href.lower().startswith(("http://", "https://", "mailto:"))


@given(st.text(alphabet="abc <>&\"'/=", min_size=1, max_size=40))
def test_raw_html_stays_visible(text: str) -> None:
    """What looks like a tag is shown as the text that it is."""
    shown = _Elements(render(f"x{text}x")).text
    assert "".join(shown.split()) == "".join(f"x{text}x".split())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** *b* `c` ~~d~~", "<p><strong>a</strong> <em>b</em> <code>c</code> <s>d</s></p>"),
        ("```python\nx < 1\n```", '<pre><code class="language-python">x &lt; 1\n</code></pre>'),
        ("```c++ main\nx\n```", '<pre><code class="language-c++">x\n</code></pre>'),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
        ("<b>no</b>", "<p>&lt;b&gt;no&lt;/b&gt;</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("example.org", "<p>example.org</p>"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    """The usual elements come out, and only they."""
    assert render(text).strip() == html


def test_links_lead_out_safely() -> None:
    """A link opens elsewhere and tells nothing about where it was."""
    (_, link) = _Elements(render("[a](https://x.test/y?z=1)")).found[1]
    assert link == {
        "href": "https://x.test/y?z=1",
        "target": "_blank",
        "rel": "noopener noreferrer nofollow",
    }


def test_a_relative_link_leads_nowhere() -> None:
    """An answer cannot send the reader to a route of this server."""
    for address in ("/api/me", "//e.vil/x", "#/c/1", "x"):
        assert "href" not in render(f"[a]({address})")


def test_an_image_is_a_link_with_its_text() -> None:
    """Nothing is loaded; within a link only the text remains."""
    alone = render("![a *chart*](https://x.test/c.png)")
    assert "<img" not in alone
    assert 'href="https://x.test/c.png"' in alone
    assert ">a chart</a>" in alone
    assert ">https://x.test/c.png</a>" in render("![](https://x.test/c.png)")
    linked = render("[![chart](https://x.test/c.png)](https://y.test)")
    assert "c.png" not in linked
    assert ">chart</a>" in linked


def test_tables_are_aligned_without_styles() -> None:
    """The page's policy forbids style attributes, so alignment is an attribute of its own."""
    html = render("| a | b |\n| :-: | --: |\n| 1 | 2 |")
    assert "style" not in html
    assert '<th align="center">a</th>' in html
    assert '<td align="right">2</td>' in html
