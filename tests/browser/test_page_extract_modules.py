"""The extraction's pure modules, in the browser that runs them."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.screen import answering
from tests.browser.test_page_modules import SHELL

SCRIPT = Path(__file__).with_name("modules_extract.js")


def test_the_pure_modules_of_the_extraction(page: Page) -> None:
    """Offsets, overlaps, names of places and digits of numbers hold on their hard cases."""
    page.route("**/checks.html", answering("text/html", SHELL))
    page.route("**/checks.js", answering("text/javascript", SCRIPT.read_text()))
    page.goto("/checks.html")
    expect(page.get_by_text("All checks have run.")).to_be_visible()
    expect(page.locator("li.failed")).to_have_text([])
