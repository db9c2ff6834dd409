"""The extraction view by keyboard, on a phone, and in the dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.extracting import (
    START,
    TEXT,
    Extracting,
    Extractions,
    extractions,
    field,
    result,
)
from tests.browser.test_page_layout import DARK_COLOR, LAID_OUT, LIGHT_COLOR, on_a_phone


@pytest.fixture
def server(page: Page) -> Iterator[Extractions]:
    with extractions() as held:
        held.stand_in(page)
        yield held


@pytest.fixture
def view(page: Page, server: Extractions) -> Extracting:
    return Extracting(page).open()


def answer(server: Extractions, **more: object) -> None:
    stream = server.next()
    stream.send("start", START)
    stream.send("done", result(**more))
    stream.end()


def test_an_extraction_by_keyboard_alone(view: Extracting, server: Extractions, page: Page) -> None:
    """Text, Ctrl and Enter, and Tab to the fields, whose evidence lights up on the way."""
    expect(view.text).to_be_focused()
    page.keyboard.insert_text(TEXT)
    page.keyboard.press("Control+Enter")
    answer(server)
    view.wait()
    expect(view.marked).to_be_focused()
    view.page.get_by_role("button", name="Download").focus()
    page.keyboard.press("Tab")
    expect(view.field("Vendor name")).to_be_focused()
    expect(view.lit).to_have_text(["Kestrel & Moor Ltd"])
    page.keyboard.press("Tab")
    expect(view.lit).to_have_text(["17 November 2026"])


def test_the_skip_link_leads_to_the_text(view: Extracting, page: Page) -> None:
    """It jumps over the list, and not out of the view."""
    page.get_by_role("link", name="Skip to").focus()
    page.keyboard.press("Enter")
    expect(view.text).to_be_focused()


def test_a_mouse_at_rest_does_not_lead(view: Extracting, server: Extractions, page: Page) -> None:
    """What scrolls under the mouse is not pointed at: the keyboard keeps its field."""
    count = 40
    data = {f"field_{number}": number for number in range(count)}
    fields = [field([name], "unsupported") for name in data]
    view.ask()
    answer(server, data=data, fields=fields)
    view.wait()
    view.field("Field 1").first.hover()
    for number in (3, count - 1):
        view.fields.nth(number).get_by_role("button").focus()
    expect(page.locator(".found.lit .found-name")).to_have_text([f"Field {count - 1}"])


@on_a_phone
def test_a_phone_shows_the_evidence_of_a_tapped_field(
    view: Extracting, server: Extractions, page: Page
) -> None:
    """At 360 pixels a tap shows field and quote at once, and nothing sticks out at the side."""
    view.text.fill("filler\n" * 60 + TEXT)
    start = len("filler\n" * 60) + TEXT.index("17 November")
    view.schema.select_option("invoice")
    view.start.tap()
    data = {"vendor": "unbreakable" * 12, "address": "none", "due_date": "2026-11-17", "tax": 5}
    due = field(["due_date"], "supported", ("17 November 2026", start))
    others = [field([name], "unsupported") for name in ("vendor", "address", "tax")]
    answer(server, data=data, fields=[due, *others])
    view.wait()
    view.field("Due date").tap()
    expect(view.lit).to_be_in_viewport()
    expect(view.field("Due date")).to_be_in_viewport()
    boxes = [element.bounding_box() for element in page.locator(LAID_OUT).all()]
    seen = [box for box in boxes if box is not None and box["width"] > 0]
    assert len(seen) > 50
    assert [box for box in seen if box["x"] < 0 or box["x"] + box["width"] > 360.5] == []


@on_a_phone
def test_the_drawer_leads_there_on_a_phone(page: Page, server: Extractions) -> None:
    """From the chat the way is one tap in the drawer, which then closes."""
    page.goto("/")
    page.get_by_role("button", name="Open the list of conversations").tap()
    page.get_by_role("link", name="Extract").tap()
    expect(Extracting(page).text).to_be_in_viewport()
    expect(page.get_by_role("link", name="Extract")).to_be_hidden()


@pytest.mark.parametrize("context_options", [{"color_scheme": "dark"}], ids=["dark"])
def test_the_dark_reaches_the_text(view: Extracting, server: Extractions) -> None:
    """Text, fields and the marks between them are light on dark."""
    view.ask()
    answer(server)
    view.wait()
    expect(view.marked).to_have_css("background-color", DARK_COLOR)
    expect(view.marked.locator("mark").first).to_have_css("background-color", DARK_COLOR)
    expect(view.marked.locator("mark").first).to_have_css("color", LIGHT_COLOR)
    expect(view.schema).to_have_css("background-color", DARK_COLOR)
