"""The admin page with a real server behind a key: what it shows, and what it can stop."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.browser.screen import LONG, answering

ADMIN = "an-admin-key-for-the-tests"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(
        tmp_path_factory.mktemp("admin"),
        PORT="8000",
        ADMIN_KEY=ADMIN,
        DEMO_TOKENS_PER_SECOND="8",  # what runs is to be seen
    ) as url:
        yield url


def ask(url: str, path: str, body: dict[str, Any], key: str = ADMIN) -> Any:
    """An open answer."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}{path}", json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request, timeout=20)


def signed_in(page: Page, key: str = ADMIN) -> None:
    page.goto("/#/admin")
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Sign in").click()


def made_key(url: str, **more: Any) -> dict[str, Any]:
    with ask(url, "/api/admin/keys", {"owner": "ada", "scopes": ["chat"], **more}) as answer:
        made: dict[str, Any] = json.load(answer)
        return made


def test_today_in_figures(page: Page, base_url: str) -> None:
    """What was asked is counted, by model and by key, and said to those who see no chart."""
    key = made_key(base_url, name="Shop", budgets={"day": "2.50"})
    with ask(
        base_url, "/api/chat", {"message": "Hi", "max_output_tokens": 3}, key["key"]
    ) as answer:
        answer.read()
    signed_in(page)
    tiles = page.locator(".tile")
    expect(tiles.filter(has_text="Requests")).to_contain_text("1 call to models")
    model = page.get_by_role("figure", name="By model")
    expect(model.locator(".bar-name")).to_have_text("demo/demo")
    expect(model.get_by_role("table").get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("figure", name="By key")).to_contain_text("Shop (parley_")
    keys = page.get_by_role("region", name="Keys", exact=True)
    expect(keys.get_by_role("row").nth(1)).to_contain_text("$2.50 of $2.50 a day")
    circuits = page.get_by_role("region", name="Circuit breakers").last
    expect(circuits).to_contain_text("closed")


def test_a_run_is_seen_and_stopped(page: Page, base_url: str) -> None:
    """Somebody else's run appears by itself, and ends by its button."""
    key = made_key(base_url)["key"]
    signed_in(page)
    expect(page.locator("#admin-runs")).to_have_text("Nothing runs.")
    with ask(base_url, "/api/chat/stream", {"message": f"{LONG} {LONG}"}, key) as answer:
        row = page.locator("#admin-runs tbody tr")
        expect(row).to_contain_text("running")
        row.get_by_role("button", name="Stop").click()
        expect(page.locator("#admin-runs")).to_have_text("Nothing runs.")
        assert b'"stopped"' in answer.read()


def test_nobody_is_asked_while_nobody_looks(page: Page) -> None:
    """While the tab is hidden no figures are fetched, and at once when it is seen again."""
    signed_in(page)
    expect(page.locator(".tile").first).to_be_visible()
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hidden = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hidden % "true")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(30_000)
    assert [url for url in asked if "/api/admin/" in url] == []
    page.evaluate(hidden % "false")
    with page.expect_response("**/api/admin/overview"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_what_is_not_up_to_date_says_so(page: Page) -> None:
    """Where the figures do not come any more, the old ones stay with a word about it."""
    signed_in(page)
    expect(page.locator(".tile").first).to_be_visible()
    problem = json.dumps({"code": "unavailable", "detail": "The database is away.", "status": 503})
    page.route("**/api/admin/overview", answering("application/problem+json", problem, 503))
    expect(page.locator("#admin-updated")).to_have_text("Not up to date: The database is away.")
    expect(page.locator(".tile").first).to_be_visible()


def test_who_may_not_sees_no_way_there(page: Page, base_url: str) -> None:
    """A key without the scope has no link, and at the address a sentence instead of figures."""
    signed_in(page, made_key(base_url)["key"])
    expect(page.locator("#notice")).to_contain_text("This needs a key with the scope admin.")
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    expect(page.locator(".tile")).to_have_count(0)
