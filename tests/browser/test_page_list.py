"""The list of conversations."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screen import Screen


@pytest.fixture(scope="module")
def base_url(quick: str) -> str:
    return quick


def _make(screen: Screen, *texts: str) -> None:
    for text in texts:
        screen.page.get_by_role("button", name="New chat").click()
        screen.ask(text)


def test_the_newest_conversation_comes_first(screen: Screen) -> None:
    """A new conversation is listed at the top, and marked as the open one."""
    screen.open()
    _make(screen, "older heron", "newer heron")
    expect(screen.list.get_by_role("link").nth(0)).to_have_text("newer heron")
    expect(screen.list.get_by_role("link").nth(1)).to_have_text("older heron")
    expect(screen.entry("newer heron")).to_have_attribute("aria-current", "page")


def test_conversations_are_searched(screen: Screen, page: Page) -> None:
    """The search box narrows the list, and says so when nothing is left."""
    screen.open()
    _make(screen, "about walruses", "about quaggas")
    search = page.get_by_label("Search conversations")
    search.fill("walrus")
    expect(screen.entry("about quaggas")).to_have_count(0)
    expect(screen.entry("about walruses")).to_be_visible()
    search.fill("no such animal")
    expect(page.get_by_text("Nothing matches “no such animal”.")).to_be_visible()
    search.fill("")
    expect(screen.entry("about quaggas")).to_be_visible()


def test_a_conversation_is_renamed(screen: Screen, page: Page) -> None:
    """A new title shows in the list and over the messages, after a reload too."""
    screen.open()
    _make(screen, "a dull title")
    screen.choose("a dull title", "Rename")
    page.get_by_role("textbox", name="Title").fill("a bright title")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(screen.entry("a bright title")).to_be_visible()
    expect(screen.title).to_have_text("a bright title")
    page.reload()
    expect(screen.title).to_have_text("a bright title")
    expect(page).to_have_title("a bright title · Parley")


def test_deleting_asks_first(screen: Screen, page: Page) -> None:
    """Cancel keeps the conversation; only Delete deletes it."""
    screen.open()
    _make(screen, "short-lived")
    screen.choose("short-lived", "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("“short-lived” and all its messages will be gone for good.")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(screen.entry("short-lived")).to_be_visible()
    screen.choose("short-lived", "Delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(screen.entry("short-lived")).to_have_count(0)
    expect(page.get_by_role("heading", name="What is on your mind?")).to_be_visible()


def test_a_conversation_is_exported(screen: Screen, page: Page, tmp_path: Path) -> None:
    """Markdown and JSON come down as files that hold what was said."""
    screen.open()
    _make(screen, "keep this sentence")
    for action, ending in (("Export as Markdown", "md"), ("Export as JSON", "json")):
        with page.expect_download() as download:
            screen.choose("keep this sentence", action)
        assert download.value.suggested_filename.endswith(f".{ending}")
        target = tmp_path / f"export.{ending}"
        download.value.save_as(target)
        assert "keep this sentence" in target.read_text()
    json.loads((tmp_path / "export.json").read_text())


def test_more_conversations_are_loaded_on_demand(screen: Screen, page: Page) -> None:
    """A long list comes in pages."""

    def listed(number: int) -> dict[str, str]:
        time = "2026-01-01T00:00:00Z"
        return {"id": f"c{number}", "title": f"n{number}", "created_at": time, "updated_at": time}

    first = {"conversations": [listed(1), listed(2)], "next_cursor": "further"}
    second = {"conversations": [listed(3)], "next_cursor": None}
    page.route("**/api/conversations?*", lambda route: route.fulfill(json=first))
    page.route("**/api/conversations?*cursor=further*", lambda route: route.fulfill(json=second))
    screen.open()
    expect(screen.list.get_by_role("link")).to_have_text(["n1", "n2"])
    page.get_by_role("button", name="Show more").click()
    expect(screen.list.get_by_role("link")).to_have_text(["n1", "n2", "n3"])
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
