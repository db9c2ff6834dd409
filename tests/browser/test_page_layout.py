"""Narrow, dark, and without motion."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screen import LONG, Screen

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DARK_COLOR = re.compile(r"^rgb\([1-5]?\d, [1-5]?\d, [1-5]?\d\)$")
LIGHT_COLOR = re.compile(r"^rgb\(2[3-5]\d, 2[3-5]\d, 2[3-5]\d\)$")
# Code and tables scroll within their frames.
LAID_OUT = "#main :not(pre *, .table *, .sr-only, svg *, option, optgroup)"

on_a_phone = pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])


@on_a_phone
def test_a_phone_has_no_horizontal_scroll(screen: Screen, page: Page) -> None:
    """At 360 pixels nothing sticks out, with code, a table and a long word on the screen."""
    screen.open().ask(f"{LONG} {'unbreakable' * 12}")
    boxes = [element.bounding_box() for element in page.locator(LAID_OUT).all()]
    seen = [box for box in boxes if box is not None and box["width"] > 0]
    assert len(seen) > 50
    assert [box for box in seen if box["x"] < 0 or box["x"] + box["width"] > 360.5] == []


@on_a_phone
def test_the_list_is_a_drawer_on_a_phone(screen: Screen, page: Page) -> None:
    """The drawer opens, takes the focus, leads to a conversation, and closes by Escape or a tap."""
    screen.open().ask("from the drawer")
    opener = page.get_by_role("button", name="Open the list of conversations")
    entry = screen.entry("from the drawer")
    expect(entry).to_be_hidden()
    opener.tap()
    expect(entry).to_be_in_viewport()
    expect(page.get_by_role("button", name="Close the list of conversations")).to_be_focused()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(opener).to_be_focused()
    opener.tap()
    page.touchscreen.tap(350, 400)
    expect(entry).to_be_hidden()
    opener.tap()
    page.get_by_role("button", name="New chat").tap()
    expect(page.get_by_role("heading", name="What is on your mind?")).to_be_in_viewport()
    expect(entry).to_be_hidden()
    opener.tap()
    entry.tap()
    expect(screen.said).to_have_text("from the drawer")
    expect(entry).to_be_hidden()


@pytest.mark.parametrize("context_options", [{"color_scheme": "dark"}], ids=["dark"])
def test_dark_mode_is_dark(screen: Screen, page: Page) -> None:
    """A reader who prefers dark gets light letters on a dark page."""
    screen.open()
    expect(page.locator("body")).to_have_css("background-color", DARK_COLOR)
    expect(page.locator("body")).to_have_css("color", LIGHT_COLOR)


@pytest.mark.parametrize("context_options", [{"color_scheme": "light"}], ids=["light"])
def test_light_mode_is_light(screen: Screen, page: Page) -> None:
    """A reader who prefers light gets dark letters on a light page."""
    screen.open()
    expect(page.locator("body")).to_have_css("background-color", LIGHT_COLOR)
    expect(page.locator("body")).to_have_css("color", DARK_COLOR)


@pytest.mark.parametrize("context_options", [{"reduced_motion": "reduce"}], ids=["still"])
def test_reduced_motion_is_respected(screen: Screen, page: Page) -> None:
    """Nothing moves for a reader who asked for that."""
    screen.open().say(LONG)
    live = screen.list.get_by_role("img", name="Answering")
    expect(live).to_be_visible()
    expect(live).to_have_css("animation-name", "none")
