"""The page's pure modules, in the browser that runs them."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.screen import answering

SCRIPT = Path(__file__).with_name("modules.js")
SHELL = (
    '<!doctype html><title>checks</title><ul></ul><script type="module" src="/checks.js"></script>'
)


def test_the_pure_modules(page: Page) -> None:
    """The parser of events, the cutting of Markdown and the tree hold on their hard cases."""
    page.route("**/checks.html", answering("text/html", SHELL))
    page.route("**/checks.js", answering("text/javascript", SCRIPT.read_text()))
    page.goto("/checks.html")
    expect(page.get_by_text("All checks have run.")).to_be_visible()
    expect(page.locator("li.failed")).to_have_text([])
