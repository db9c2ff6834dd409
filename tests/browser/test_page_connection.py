"""Connections that break while an answer comes, and people who leave."""

import json
import re
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cutting import Cutting, cutting
from tests.browser.screen import LONG, Screen, answering

SOMETHING = re.compile(r"\S")
SHELL = (
    '<!doctype html><title>x</title><p id="said"></p><script type="module" src="/use.js"></script>'
)
USE = """
import { chat } from "/parley.js";
const said = document.querySelector("#said");
const ids = [];
try {
  for await (const { id, event, data } of chat({ message: "code, a table and a list, please" })) {
    ids.push(id);
    if (event === "delta") said.textContent += data.text;
    if (event === "done") document.title = `done ${ids.length} ${ids.at(-1)}`;
  }
} catch (error) {
  document.title = `${error.name} ${error.code}`;
}
"""


@pytest.fixture
def breaking(base_url: str) -> Iterator[Cutting]:
    with cutting(base_url, least=900, most=2_000) as proxy:
        yield proxy


def test_an_answer_is_whole_over_many_connections(
    breaking: Cutting, screen: Screen, page: Page
) -> None:
    """Cut again and again, the answer on the screen is the one that is stored, letter by letter."""
    screen.open(f"{breaking.url}/")
    screen.say(LONG)
    answer = screen.wait()
    expect(answer).to_contain_text("Both are remembered.")
    expect(screen.ending()).to_be_hidden()
    assert breaking.cuts >= 2
    shown = answer.locator(".text").inner_text()
    page.reload()
    expect(screen.answers.last).to_contain_text("Both are remembered.")
    assert screen.answers.last.locator(".text").inner_text() == shown


def test_the_module_by_itself(breaking: Cutting, page: Page) -> None:
    """A page of somebody's own loses no event either, and gets none twice."""
    page.route("**/own.html", answering("text/html", SHELL))
    page.route("**/use.js", answering("text/javascript", USE))
    page.goto(f"{breaking.url}/own.html")
    expect(page).to_have_title(re.compile(r"^done (\d+) \1$"))
    expect(page.locator("#said")).to_contain_text("Both are **remembered**.")
    assert breaking.cuts >= 2


def test_who_leaves_the_page_stops_the_answer(screen: Screen, page: Page, base_url: str) -> None:
    """The answer does not go on until somebody might have come back: it is stopped at once."""
    runs: list[str] = []
    page.on("response", lambda answer: runs.append(answer.headers.get("x-run-id", "")))
    screen.open().say(LONG)
    expect(page.locator("article[aria-busy=true] .text")).to_have_text(SOMETHING)
    run = next(filter(None, runs))
    page.goto("about:blank")
    deadline = time.monotonic() + 10
    while _state(base_url, run) == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _state(base_url, run) == "stopped"


def _state(base_url: str, run: str) -> str:
    with urllib.request.urlopen(f"{base_url}/api/runs/{run}", timeout=5) as answer:
        return str(json.load(answer)["state"])
