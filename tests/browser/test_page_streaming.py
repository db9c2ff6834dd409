"""Answers arrive while they are made, and end as what they are."""

import re

from playwright.sync_api import Page, expect

from tests.browser.screen import LONG, Screen

SOMETHING = re.compile(r"\S")


def test_the_first_token_is_shown_before_the_answer_is_complete(screen: Screen) -> None:
    """The first token is on the screen while the server is still writing."""
    screen.open().say(LONG)
    expect(screen.page.locator("article[aria-busy=true] .text")).to_have_text(SOMETHING)
    expect(screen.stop).to_be_visible()
    expect(screen.answers.last).not_to_contain_text("Both are remembered.")
    expect(screen.wait()).to_contain_text("Both are remembered.")


def test_a_finished_block_is_rendered_while_the_next_is_written(screen: Screen) -> None:
    """Markdown becomes HTML block by block, not only at the end."""
    screen.open().say(LONG)
    writing = screen.page.locator("article[aria-busy=true]")
    expect(writing.locator(".markdown strong").first).to_have_text("demo model")
    expect(screen.stop).to_be_visible()


def test_markdown_is_shown_properly(screen: Screen) -> None:
    """Code, tables and lists are shown as such, and code can be copied."""
    screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = screen.open().ask(LONG)
    expect(answer.locator("pre code")).to_contain_text("def greet(name: str) -> str:")
    expect(answer.get_by_role("columnheader")).to_have_text(["word", "meaning"])
    expect(answer.locator("ol > li")).to_have_count(3)
    answer.get_by_role("button", name="Copy the python code").click()
    expect(answer.locator(".code-head")).to_contain_text("Copied")
    screen.message.press("Control+V")
    expect(screen.message).to_have_value(re.compile(r'^def greet[\s\S]*Hello, \{name\}!"\n$'))


def test_usage_is_shown_under_the_answer(screen: Screen) -> None:
    """The model, the tokens and the cost stand under the answer."""
    answer = screen.open().ask("hello")
    expect(answer.locator(".usage")).to_have_text(
        re.compile(r"demo/demo · \d+ tokens? in · \d+ out · \$0\.00")
    )


def test_a_stopped_answer_keeps_what_was_written(screen: Screen, page: Page) -> None:
    """The partial answer stays, marked as stopped, after a reload too."""
    screen.open().say(LONG)
    expect(page.locator("article[aria-busy=true] .text")).to_contain_text("Parley")
    screen.stop.click()
    expect(screen.ending()).to_contain_text("Stopped")
    page.reload()
    expect(screen.ending()).to_contain_text("Stopped")
    expect(screen.answers.last).to_contain_text("Parley")
    expect(screen.answers.last).not_to_contain_text("Both are remembered.")


def test_a_server_that_does_not_stop_is_hung_up_on(screen: Screen, page: Page) -> None:
    """Where the stop route has no effect, the page ends the answer by itself."""
    page.route("**/api/runs/*/stop", lambda route: route.fulfill(json={}))
    screen.open().say(f"{LONG} {'and on ' * 50}")
    expect(page.locator("article[aria-busy=true] .text")).to_contain_text("Parley")
    screen.stop.click()
    expect(screen.ending()).to_contain_text("Stopped")
    expect(screen.answers.last).not_to_contain_text("Both are remembered.")


def test_a_message_can_be_taken_back_before_the_answer_begins(screen: Screen, page: Page) -> None:
    """Stop works while the server is still silent, and gives the message back."""
    page.route("**/api/chat/stream", lambda route: None)
    screen.open().say("never mind")
    expect(screen.said).to_have_text("never mind")
    screen.stop.click()
    expect(screen.said).to_have_count(0)
    expect(screen.message).to_have_value("never mind")
    expect(screen.notice).to_be_hidden()


def test_a_reload_shows_the_history(screen: Screen, page: Page) -> None:
    """The address names the conversation, so a reload brings it back."""
    screen.open().ask("first of two")
    screen.ask("second of two")
    page.reload()
    expect(screen.said).to_have_text(["first of two", "second of two"])
    expect(screen.answers).to_have_count(2)
    expect(screen.answers.first.locator("strong").first).to_have_text("demo model")
    expect(screen.title).to_have_text("first of two")


def test_an_answer_goes_on_while_another_conversation_is_open(screen: Screen) -> None:
    """Looking at another conversation does not stop an answer."""
    screen.open().ask("a place to go")
    screen.page.get_by_role("button", name="New chat").click()
    screen.say(f"Goes on: {LONG}")
    expect(screen.page.locator("article[aria-busy=true] .text")).to_have_text(SOMETHING)
    screen.entry("a place to go").click()
    expect(screen.said).to_have_text("a place to go")
    expect(screen.list.get_by_role("img", name="Answering")).to_be_visible()
    screen.entry("Goes on").click()
    expect(screen.wait()).to_contain_text("Both are remembered.")
    expect(screen.answers.last.locator("pre")).to_have_count(1)


def test_the_view_follows_only_a_reader_at_the_end(screen: Screen, page: Page) -> None:
    """Who has scrolled up is left alone; the button leads back to the end."""
    page.set_viewport_size({"width": 1000, "height": 420})
    screen.open().ask(LONG)
    expect(screen.answers.last.locator(".usage")).to_be_in_viewport()
    page.locator("#scroller").hover()
    page.mouse.wheel(0, -5000)
    jump = page.get_by_role("button", name="Jump to the latest message")
    expect(jump).to_be_visible()
    expect(screen.questions.first).to_be_in_viewport()
    jump.click()
    expect(screen.answers.last.locator(".usage")).to_be_in_viewport()
    expect(jump).to_be_hidden()
