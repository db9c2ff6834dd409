"""A server that asks for a key."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.screen import Screen

KEY = "a-key-that-opens"
REFUSAL = {"status": 401, "code": "not_authenticated", "retryable": False}


@pytest.fixture(autouse=True)
def guarded(page: Page) -> None:
    """The server of these tests is open; this stands before it as a guard."""

    def guard(route: Route) -> None:
        sent = route.request.headers.get("authorization")
        if sent == f"Bearer {KEY}":
            return route.continue_()
        detail = "This key is not valid." if sent else "Send a key."
        body = json.dumps({**REFUSAL, "detail": detail})
        return route.fulfill(status=401, content_type="application/problem+json", body=body)

    page.route("**/api/**", guard)
    page.route("**/render", guard)


def test_the_key_opens_the_page(screen: Screen, page: Page) -> None:
    """A wrong key is refused with the server's sentence; the right one opens, until sign-out."""
    page.goto("/")
    key = page.get_by_label("Key")
    expect(key).to_be_focused()
    expect(screen.message).to_be_hidden()
    key.fill("a-wrong-key")
    key.press("Enter")
    expect(page.get_by_text("This key is not valid.")).to_be_visible()
    key.fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(screen.ask("hello").locator("strong").first).to_have_text("demo model")
    page.reload()
    expect(screen.said).to_have_text(["hello"])
    page.get_by_role("button", name="Sign out").click()
    expect(key).to_be_visible()
    page.reload()
    expect(key).to_be_visible()


def test_the_key_dies_with_the_tab(screen: Screen, page: Page) -> None:
    """Another tab of the same browser asks again: the key is nowhere but in this one."""
    page.goto("/")
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(screen.message).to_be_visible()
    assert KEY not in json.dumps(page.context.storage_state())
