"""A conversation is a tree: editing and regenerating add to it, nothing is lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screen import Screen


@pytest.fixture(scope="module")
def base_url(quick: str) -> str:
    return quick


def _edit(screen: Screen, index: int, text: str) -> None:
    question = screen.questions.nth(index)
    question.hover()
    question.get_by_role("button", name="Edit the message").click()
    screen.page.get_by_label("Edit your message").fill(text)
    screen.page.get_by_label("Edit your message").press("Enter")


def test_an_edit_makes_a_branch(screen: Screen, page: Page) -> None:
    """The edited message starts a branch, and the switcher leads back to the old one."""
    screen.open().ask("the opening")
    screen.ask("the old way")
    _edit(screen, 1, "the new way")
    screen.wait()
    expect(screen.said).to_have_text(["the opening", "the new way"])
    edited = screen.questions.nth(1)
    expect(edited.locator(".position")).to_have_text("2/2")
    edited.get_by_role("button", name="Previous version").click()
    expect(screen.said).to_have_text(["the opening", "the old way"])
    expect(screen.answers.last).to_contain_text("the old way")
    expect(screen.questions.nth(1).locator(".position")).to_have_text("1/2")
    expect(page.get_by_role("button", name="Next version")).to_be_focused()
    page.keyboard.press("Enter")
    expect(screen.answers.last).to_contain_text("the new way")


def test_the_first_message_can_be_edited(screen: Screen, page: Page) -> None:
    """An edit of the very first message is a second root of the same conversation."""
    screen.open().ask("a first try")
    address = page.url
    _edit(screen, 0, "a second try")
    screen.wait()
    expect(page).to_have_url(address)
    expect(screen.said).to_have_text(["a second try"])
    page.reload()
    expect(screen.said).to_have_text(["a second try"])
    expect(screen.questions.first.locator(".position")).to_have_text("2/2")


def test_a_message_goes_under_the_branch_that_is_shown(screen: Screen, page: Page) -> None:
    """What is said next continues the branch on the screen, not the newest one."""
    screen.open().ask("kept words")
    _edit(screen, 0, "other words")
    screen.wait()
    screen.questions.first.get_by_role("button", name="Previous version").click()
    expect(screen.said).to_have_text(["kept words"])
    expect(screen.ask("what then?")).to_contain_text("kept words")
    expect(screen.said).to_have_text(["kept words", "what then?"])
    page.reload()
    expect(screen.said).to_have_text(["kept words", "what then?"])


def test_regenerating_keeps_both_answers(screen: Screen, page: Page) -> None:
    """A regenerated answer stands beside the old one, and both can be seen."""
    answer = screen.open().ask("once more")
    answer.get_by_role("button", name="Regenerate the answer").click()
    expect(screen.answers.last.locator(".position")).to_have_text("2/2")
    screen.wait()
    expect(screen.questions).to_have_count(1)
    page.reload()
    expect(screen.answers.last.locator(".position")).to_have_text("2/2")
    screen.answers.last.get_by_role("button", name="Previous version").click()
    expect(screen.answers.last.locator(".position")).to_have_text("1/2")
    expect(screen.answers).to_have_count(1)


def test_an_edit_can_be_given_up(screen: Screen, page: Page) -> None:
    """Escape closes the editor and leaves the message as it was."""
    screen.open().ask("leave me")
    screen.questions.first.hover()
    page.get_by_role("button", name="Edit the message").click()
    page.keyboard.type(" be")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Edit your message")).to_have_count(0)
    expect(screen.said).to_have_text(["leave me"])
    expect(page.get_by_role("button", name="Edit the message")).to_be_focused()
