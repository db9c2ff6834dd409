"""What was used today and this month, in the list's corner."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.screen import Screen
from tests.browser.test_page_layout import PHONE


def figures(
    cost: float = 0.0, tokens: int = 0, calls: int = 1, unpriced: int = 0
) -> dict[str, Any]:
    return {
        "calls": calls,
        "unpriced": unpriced,
        "input_tokens": tokens - tokens // 2,
        "output_tokens": tokens // 2,
        "cost_usd": cost,
    }


def report(month: dict[str, Any], **days: dict[str, Any]) -> dict[str, Any]:
    rows = [{"day": f"2026-11-{day.removeprefix('d')}", **row} for day, row in days.items()]
    return {"from": "2026-11-01", "to": "2026-11-21", "rows": rows, "totals": month}


def use(page: Page, *reports: dict[str, Any]) -> None:
    """Answer for the server: one after the other, and then the last again."""
    left = list(reports)

    def handle(route: Route) -> None:
        route.fulfill(json=left.pop(0) if len(left) > 1 else left[0])

    page.route("**/api/usage?*", handle)


BUSY = report(figures(1234.5, 98_765_432), d20=figures(5.0), d21=figures(0.054399, 12_854))


def test_today_and_this_month(screen: Screen, page: Page) -> None:
    """Cost and tokens stand under the list, those of the day that the server says is today."""
    use(page, BUSY)
    screen.open()
    expect(page.locator("#totals dt")).to_have_text(["Today", "This month"])
    expect(page.locator("#totals dd")).to_have_text(
        ["$0.0544 · 12.9K tokens", "$1,234.50 · 98.8M tokens"]
    )


def test_nothing_today(screen: Screen, page: Page) -> None:
    """A day without a call has a word, and a month without one no line."""
    use(page, report(figures(2.0, 1), d20=figures(2.0, 1)), report(figures(calls=0)))
    screen.open()
    expect(page.locator("#totals dd")).to_have_text(["nothing yet", "$2.00 · 1 token"])
    page.reload()
    expect(screen.message).to_be_visible()
    expect(page.locator("#totals")).to_be_hidden()


def test_what_nobody_knows_the_price_of(screen: Screen, page: Page) -> None:
    """Where a price is missing the cost is a lower bound, and where all are there is none."""
    use(page, report(figures(2.0, 9, 2, 1), d21=figures(0.0, 9, 1, 1)))
    screen.open()
    expect(page.locator("#totals dd")).to_have_text(["9 tokens", "at least $2.00 · 9 tokens"])


def test_an_answer_is_added(screen: Screen, page: Page) -> None:
    """After an answer the line is up to date, without a reload."""
    screen.open().ask("the first one")
    expect(page.locator("#totals-day")).to_contain_text(re.compile(r"^\$0\.00 · [\d.K]+ tokens$"))
    use(page, BUSY)
    screen.ask("how much was that?")
    expect(page.locator("#totals-day")).to_have_text("$0.0544 · 12.9K tokens")


def test_where_it_does_not_come(screen: Screen, page: Page) -> None:
    """A server that gives no totals takes nothing else from the page, and no notice is shown."""
    page.route("**/api/usage?*", lambda route: route.fulfill(status=503, json={"detail": "No."}))
    screen.open().ask("still there?")
    expect(page.locator("#totals")).to_be_hidden()
    expect(screen.notice).to_be_hidden()


@pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])
def test_in_the_drawer_of_a_phone(screen: Screen, page: Page) -> None:
    """At 360 pixels it is in the drawer, whole, below a list of any length."""
    use(page, BUSY)
    screen.open()
    expect(page.locator("#totals")).to_be_hidden()
    page.get_by_role("button", name="Open the list of conversations").tap()
    for line in page.locator("#totals dd").all():
        expect(line).to_be_in_viewport(ratio=1)
        assert line.evaluate("(node) => node.scrollWidth <= node.clientWidth")
