"""Prompts picked, filled in and run, with the real server and its demo model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving

PROMPT = """+++
name = "order"
version = "2.1"
description = "What is to be ordered."

[variables.customer]
type = "text"
max_length = 12

[variables.pieces]
type = "integer"
minimum = 1
maximum = 5
default = 2

[variables.colour]
type = "choice"
choices = ["red", "green"]

[variables.remarks]
type = "texts"
max_items = 2
required = false

[variables.gift]
type = "boolean"
default = false
+++
[user]
{{ customer }} wants {{ pieces }}, {{ colour }}{% if gift %}, as a gift{% endif %}{{ remarks }}
"""
DATA = """+++
name = "card"
version = "1.0"
description = "Who it is."
output = "data"
schema = "contact"

[variables.text]
type = "text"
+++
[user]
{{ text }}
"""


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("prompts")
    own = folder / "own"
    own.mkdir()
    (own / "order.md").write_text(PROMPT)
    (own / "card.md").write_text(DATA)
    with serving(folder, PROMPTS_DIR=str(own), DEMO_TOKENS_PER_SECOND="100") as url:
        yield url


def open_prompt(page: Page, name: str) -> None:
    page.goto("/#/prompts")
    page.get_by_label("Prompt", exact=True).select_option(name)


def fill_order(page: Page) -> None:
    page.get_by_label("Customer").fill("Ada")
    page.get_by_label("Colour").select_option("green")


def test_the_form_is_made_of_the_variables(page: Page) -> None:
    """Each type has a control of its kind, with its limits and what it is without a word."""
    open_prompt(page, "order")
    expect(page.locator("#prompt-about")).to_have_text("What is to be ordered. Version 2.1.")
    expect(page.get_by_label("Pieces")).to_have_value("2")
    expect(page.get_by_label("Pieces")).to_have_attribute("max", "5")
    expect(page.get_by_label("Colour").locator("option")).to_have_text(["red", "green"])
    expect(page.get_by_label("Gift")).not_to_be_checked()
    expect(page.locator("#variable-remarks-note")).to_contain_text("ne on each line, up to 2")


def test_a_run(page: Page) -> None:
    """What was filled in reaches the model, and the answer is shown with its figures."""
    open_prompt(page, "order")
    fill_order(page)
    page.get_by_label("Gift").check()
    page.get_by_role("button", name="Run").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".usage")).to_contain_text("demo/demo · ")
    expect(answer.locator(".text")).to_contain_text("Ada")
    expect(answer.locator(".text")).to_contain_text("2, green, as a gift")


def test_what_is_wrong_is_said_beside_the_field(page: Page) -> None:
    """A variable that is missing, too long or out of range stops the run, and has the focus."""
    open_prompt(page, "order")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#variable-customer-error")).to_have_text("This is needed.")
    expect(page.get_by_label("Customer")).to_be_focused()
    page.get_by_label("Customer").fill("much too long a name")
    page.get_by_label("Pieces").fill("9")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#variable-customer-error")).to_contain_text("up to 12 are taken")
    expect(page.locator("#variable-pieces-error")).to_have_text("This must be 5 or less.")


def test_a_prompt_for_data(page: Page) -> None:
    """One that answers with data shows it as JSON."""
    open_prompt(page, "card")
    page.get_by_label("Text").fill("Ada Lovelace, ada@example.com")
    page.get_by_role("button", name="Run").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator("pre code")).to_contain_text('"ada@example.com"')


def test_stop(page: Page) -> None:
    """A run can be stopped, and the next one goes through."""
    open_prompt(page, "summarize")
    page.get_by_label("Text").fill("Parley is a backend. " * 200)
    page.get_by_role("button", name="Run").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".text")).to_contain_text("I am")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(answer.locator(".ending")).to_have_text("Stopped")
    expect(page.get_by_role("button", name="Run")).to_be_visible()
