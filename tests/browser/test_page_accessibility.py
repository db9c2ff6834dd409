"""axe finds nothing serious on any page, light or dark, wide or narrow."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import complaints as serious
from tests.browser.conftest import serving
from tests.browser.screen import Screen

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LOOKS = [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE]

every_look = pytest.mark.parametrize("context_options", LOOKS, ids=["light", "dark", "phone"])


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(
        tmp_path_factory.mktemp("accessible"),
        TOOLS_MODULES="tests.browser.errands",
        DEMO_TOKENS_PER_SECOND="500",
    ) as url:
        yield url


@every_look
def test_the_chat(screen: Screen, page: Page) -> None:
    """A conversation with code, a table and a list."""
    screen.open().ask("code, a table and a list, please")
    assert serious(page) == []


@every_look
def test_the_agent(screen: Screen, page: Page) -> None:
    """Steps that are unfolded, and a call that waits."""
    screen.open()
    page.get_by_role("button", name="Use tools").click()
    screen.ask("what is 12*7")
    page.locator(".steps > summary").click()
    expect(page.locator(".step").first).to_be_visible()
    screen.say("use send_note for ada@example.com")
    expect(page.get_by_role("group", name="May send_note")).to_be_visible()
    page.locator(".approval .change").click()
    assert serious(page) == []


@every_look
@pytest.mark.parametrize("view", ["extract", "prompts", "admin"])
def test_the_views(page: Page, view: str) -> None:
    """Each view with what it shows at the beginning."""
    shown = {"extract": "#examples .button", "prompts": ".variable", "admin": ".tile"}
    page.goto(f"/#/{view}")
    expect(page.locator(shown[view]).first).to_be_visible()
    assert serious(page) == []


@every_look
def test_the_documentation(page: Page) -> None:
    """The page of the API."""
    page.goto("/docs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert serious(page) == []
