"""Terms on the page, and what a person says of an answer."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.screen import Screen

_TERMS = {"version": "2026-11", "text": "Be kind.\nBe brief.", "accepted_at": None}


@pytest.fixture
def terms(page: Page) -> list[str]:
    """The versions that were accepted; the server of these tests has no terms, this has."""
    accepted: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            accepted.append(json.loads(route.request.post_data or "")["version"])
        said = {**_TERMS, "accepted_at": "2026-11-21T12:00:00.000+00:00" if accepted else None}
        route.fulfill(status=200, content_type="application/json", body=json.dumps(said))

    page.route("**/api/terms", answer)
    return accepted


def test_terms_come_first(screen: Screen, page: Page, terms: list[str]) -> None:
    """They are shown before anything can be said, do not go away by Escape, and are asked once."""
    page.goto("/")
    dialog = page.get_by_role("dialog", name="Terms of this service")
    expect(dialog).to_contain_text("Be brief.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Accept").click()
    expect(dialog).to_be_hidden()
    assert terms == ["2026-11"]
    screen.ask("hello")
    page.reload()
    expect(screen.said).to_have_text(["hello"])
    expect(dialog).to_be_hidden()


def test_an_answer_is_rated(screen: Screen, page: Page) -> None:
    """A button says what one thinks of it, says so after a reload, and takes it back."""
    answer = screen.open().ask("hello")
    up = answer.get_by_role("button", name="Good answer")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(screen.answers.last.get_by_role("button", name="Good answer")).to_have_attribute(
        "aria-pressed", "true"
    )
    up = screen.answers.last.get_by_role("button", name="Good answer")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "false")


def test_a_remark(screen: Screen, page: Page) -> None:
    """Whoever did not like it can say why, or not; questions cannot be rated."""
    answer = screen.open().ask("hello")
    expect(screen.questions.last.get_by_role("button", name="Bad answer")).to_be_hidden()
    answer.get_by_role("button", name="Bad answer").click()
    field = answer.get_by_label("What was wrong with it?")
    expect(field).to_be_focused()
    field.fill("It is wrong.")
    with page.expect_request("**/api/feedback") as posted:
        answer.get_by_role("button", name="Send the remark").click()
    assert (posted.value.post_data_json or {})["comment"] == "It is wrong."
    expect(field).to_be_hidden()
