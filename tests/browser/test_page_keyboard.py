"""Everything without a mouse."""

from playwright.sync_api import Page, expect

from tests.browser.screen import LONG, Screen


def test_a_chat_by_keyboard_alone(screen: Screen, page: Page) -> None:
    """Enter sends, Shift and Enter add a line, and the box stays at hand."""
    screen.open()
    expect(screen.message).to_be_focused()
    page.keyboard.type("one line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("another line")
    page.keyboard.press("Enter")
    expect(screen.said).to_have_text("one line\nanother line", use_inner_text=True)
    expect(screen.message).to_have_value("")
    screen.wait()
    expect(screen.message).to_be_focused()


def test_escape_stops_the_answer(screen: Screen, page: Page) -> None:
    """Escape ends the stream and keeps what is there."""
    screen.open()
    page.keyboard.type(LONG)
    page.keyboard.press("Enter")
    expect(page.locator("article[aria-busy=true] .text")).to_contain_text("Parley")
    page.keyboard.press("Escape")
    expect(screen.ending()).to_contain_text("Stopped")
    expect(page.get_by_role("status").filter(has_text="Stopped")).to_have_count(1)


def test_the_skip_link_leads_to_the_message_box(screen: Screen, page: Page) -> None:
    """The first Tab stop jumps over the list."""
    screen.open("/")
    page.get_by_role("link", name="Skip to the message box").focus()
    expect(page.get_by_role("link", name="Skip to the message box")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(screen.message).to_be_focused()


def test_the_menu_by_keyboard(screen: Screen, page: Page) -> None:
    """The actions of a conversation open, move and close by keys, and focus goes back."""
    screen.open().ask("menu by keys")
    button = page.get_by_role("button", name="Actions for this conversation")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename", exact=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_hidden()
    expect(button).to_be_focused()


def test_focus_is_visible(screen: Screen, page: Page) -> None:
    """A button that the keyboard reaches wears a ring."""
    screen.open()
    page.get_by_label("Search conversations").focus()
    page.keyboard.press("Shift+Tab")
    button = page.get_by_role("button", name="New chat")
    expect(button).to_be_focused()
    expect(button).to_have_css("outline-style", "solid")
