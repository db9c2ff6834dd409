"""The page as a person uses it, so that the tests read as what the person does."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Request, Route, expect

# The demo model answers these words at length: a few seconds.
LONG = "code, a table and a list, please"
CONVERSATION = re.compile(r"#/c/.+$")

# A loaded machine is slow, and slow is not wrong.
expect.set_options(timeout=20_000)


class Screen:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.message = page.get_by_label("Your message")
        self.send = page.get_by_role("button", name="Send", exact=True)
        self.stop = page.get_by_role("button", name="Stop the answer")
        self.questions = page.locator("article.user")
        self.said = self.questions.locator("> .text")
        self.answers = page.locator("article.assistant")
        self.title = page.get_by_role("heading", level=1)
        self.list = page.get_by_role("navigation", name="Conversations")
        self.notice = page.get_by_role("alert")
        self.model = page.get_by_label("Model")

    def open(self, path: str = "/") -> "Screen":
        self.page.goto(path)
        expect(self.message).to_be_visible()
        expect(self.model).to_be_enabled()
        return self

    def say(self, text: str) -> None:
        self.message.fill(text)
        self.send.click()

    def ask(self, text: str) -> Locator:
        """Say it and wait for the whole answer, which becomes the last one on the screen."""
        self.say(text)
        return self.wait()

    def wait(self) -> Locator:
        """Wait until the last answer is whole."""
        expect(self.stop).to_be_hidden()
        expect(self.answers.last).to_have_attribute("aria-busy", "false")
        expect(self.page).to_have_url(CONVERSATION)
        return self.answers.last

    def ending(self) -> Locator:
        return self.answers.last.locator(".ending")

    def entry(self, title: str) -> Locator:
        return self.list.get_by_role("link", name=title)

    def choose(self, title: str, action: str) -> None:
        """Open the menu of a conversation in the list, and take one of its entries."""
        self.entry(title).hover()
        self.list.get_by_role("button", name=f"Actions for “{title}”").click()
        self.page.get_by_role("button", name=action).click()


def sent(request: Request) -> dict[str, Any]:
    """The JSON that the page posted."""
    body = request.post_data_json
    assert isinstance(body, dict)
    return body


def answering(content_type: str, body: str, status: int = 200) -> Callable[[Route], None]:
    """A handler that answers in the server's place."""

    def handle(route: Route) -> None:
        route.fulfill(status=status, content_type=content_type, body=body)

    return handle
