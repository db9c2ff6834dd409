"""What the server hands to the page."""

import re

import pytest
from playwright.sync_api import BrowserContext


def test_the_page_is_checked_and_its_files_are_not_sent_twice(context: BrowserContext) -> None:
    """The page is asked for anew each time; its files answer 304 while they are the same."""
    served = context.request.get("/")
    assert served.headers["cache-control"] == "no-cache"
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', served.text()):
        first = context.request.get(path)
        assert first.ok
        again = context.request.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status == 304


def test_the_page_has_nothing_inline(context: BrowserContext) -> None:
    """No script, style or handler stands in the HTML, so the policy needs no exception."""
    html = context.request.get("/").text()
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", html)


@pytest.mark.parametrize("length", [10, 5_000, 100_000])
def test_markdown_is_rendered_at_any_length(context: BrowserContext, length: int) -> None:
    """Short texts and long ones, which go another way, come out the same."""
    answer = context.request.post("/render", data={"text": "*a* " * (length // 4)})
    assert answer.json()["html"].count("<em>a</em>") == length // 4


@pytest.mark.parametrize("body", [{}, {"text": 1}, [], {"text": "a" * 1_000_001}])
def test_a_bad_body_is_refused_in_a_sentence(context: BrowserContext, body: object) -> None:
    """The renderer takes a text of a bounded length and says so."""
    answer = context.request.post("/render", data=body)
    assert answer.status == 400
    assert re.fullmatch(r"(Send a JSON object|The text is longer).*\.", answer.json()["detail"])
