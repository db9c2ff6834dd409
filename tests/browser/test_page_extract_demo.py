"""The extraction view with the real server and its demo model, as it is without any key."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.extracting import Extracting


@pytest.mark.parametrize(
    ("example", "name", "quote"),
    [
        ("invoice", "Due date", "17 November 2026"),
        ("receipt", "Total", "14.70"),
        ("contact", "Email", "zoe.lindqvist@nordvik.example"),
        ("event", "Start date", "24 November 2026"),
    ],
)
def test_an_example_without_a_key(page: Page, example: str, name: str, quote: str) -> None:
    """Each example gives valid data, and pointing at a field shows where the text says it."""
    view = Extracting(page).open()
    page.locator("#examples").get_by_role("button", name=example).click()
    view.start.click()
    view.wait()
    expect(view.verdict).to_contain_text("Valid · ")
    expect(view.field(name)).to_contain_text("Supported")
    view.field(name).focus()
    expect(view.lit).to_have_text([quote])


def test_a_refused_schema_is_explained(page: Page) -> None:
    """What the server has against a JSON Schema stands beside it."""
    view = Extracting(page).open()
    view.schema.select_option(label="own JSON Schema")
    page.get_by_label("Your JSON Schema").fill('{"type": "nothing"}')
    view.text.fill("some text")
    view.start.click()
    expect(page.locator("#schema-error")).not_to_be_empty()
    expect(view.verdict).to_have_text("Nothing was extracted.")


def test_a_real_stop(page: Page) -> None:
    """An extraction under way can be stopped, and the next one goes through."""
    view = Extracting(page).open()
    page.locator("#examples").get_by_role("button", name="contact").click()
    view.start.click()
    expect(view.fields.first).to_be_visible()
    view.stop.click()
    expect(view.verdict).to_have_text("Stopped: what had come by then was not checked.")
    view.start.click()
    expect(view.verdict).to_contain_text("Valid · ")
