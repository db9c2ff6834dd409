"""A server that asks for a key: it is sent once, and then a cookie will do."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import serving
from tests.browser.screen import Screen

KEY = "a-key-that-opens"
COOKIE = "parley_session"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """In the place of the open server."""
    folder = tmp_path_factory.mktemp("guarded")
    with serving(folder, PORT="8000", ADMIN_KEY=KEY) as url:
        yield url


def sign_in(page: Page, screen: Screen) -> None:
    page.goto("/")
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(screen.message).to_be_visible()


def test_the_key_opens_the_page(screen: Screen, page: Page) -> None:
    """A wrong key is refused with the server's sentence; the right one opens, until sign-out."""
    page.goto("/")
    key = page.get_by_label("Key")
    expect(key).to_be_focused()
    expect(screen.message).to_be_hidden()
    key.fill("a-wrong-key")
    key.press("Enter")
    expect(page.get_by_text("This key is not valid here.")).to_be_visible()
    key.fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(screen.ask("hello").locator("strong").first).to_have_text("demo model")
    page.reload()
    expect(screen.said).to_have_text(["hello"])
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(key).to_be_visible()
    page.reload()
    expect(key).to_be_visible()
    assert COOKIE not in [cookie["name"] for cookie in page.context.cookies()]


def test_the_key_is_nowhere_in_the_browser(screen: Screen, page: Page) -> None:
    """It is in no storage, and what is kept in its place is a cookie that no script can read."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    sign_in(page, screen)
    screen.ask("hello")
    assert KEY not in json.dumps(page.context.storage_state())
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Strict")
    with_key = [request.url for request in sent if KEY in (request.post_data or "")]
    assert len(with_key) == 1
    assert not [request for request in sent if "authorization" in request.headers]


def test_another_tab_is_signed_in(screen: Screen, page: Page) -> None:
    """One sign-in is for all tabs; one sign-out, too, and the next request says so."""
    sign_in(page, screen)
    other = page.context.new_page()
    Screen(other).open()
    other.get_by_role("button", name="Sign out", exact=True).click()
    expect(other.get_by_label("Key")).to_be_visible()
    screen.say("hello")
    expect(page.get_by_label("Key")).to_be_visible()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_out_everywhere(screen: Screen, page: Page, browser: Browser) -> None:
    """Another browser's session of the same key ends, too, and its page says so."""
    sign_in(page, screen)
    with browser.new_context(base_url=page.url) as context:
        other = context.new_page()
        sign_in(other, Screen(other))
        other.get_by_role("button", name="Sign out everywhere").click()
        expect(other.get_by_label("Key")).to_be_visible()
    screen.say("hello")
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_a_new_sign_in_elsewhere(screen: Screen, page: Page) -> None:
    """A tab from before somebody signed in anew goes on: it asks for what belongs to the cookie."""
    sign_in(page, screen)
    screen.ask("elsewhere")
    other = page.context.new_page()
    other.goto("/")
    answer = other.request.post("/api/session", data={"key": KEY})
    assert answer.ok
    page.on("dialog", lambda dialog: dialog.accept())
    screen.choose("elsewhere", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(screen.entry("elsewhere")).to_have_count(0)
