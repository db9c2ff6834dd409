"""Extractions that fail, are refused, or are stopped."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.extracting import (
    START,
    STREAM,
    TEXT,
    USAGE,
    Extracting,
    Extractions,
    extractions,
    result,
)
from tests.browser.screen import answering

PROBLEM = "application/problem+json"
ISSUE = {"path": ["amount"], "code": "type", "message": "Not a number.", "severity": "error"}
ATTEMPT = {"part": 1, "model": "demo/demo", "usage": USAGE, "cost_usd": 0.002, "issues": [ISSUE]}
FAILED = {
    "status": 422,
    "code": "extraction_failed",
    "detail": "No answer was valid after 2 attempts.",
    "retryable": False,
    "candidate": {"amount": "lots"},
    "issues": [ISSUE],
    "attempts": [{"number": 1, **ATTEMPT}, {"number": 2, **ATTEMPT}],
    "usage": USAGE,
    "cost_usd": 0.004,
}


@pytest.fixture
def server(page: Page) -> Iterator[Extractions]:
    with extractions() as held:
        held.stand_in(page)
        yield held


@pytest.fixture
def view(page: Page, server: Extractions) -> Extracting:
    return Extracting(page).open()


def refuse(page: Page, status: int, **problem: object) -> None:
    body = json.dumps({"status": status, "code": "some_code", "retryable": True, **problem})
    page.route(STREAM, answering(PROBLEM, body, status))


def test_a_candidate_is_not_taken_for_data(view: Extracting, server: Extractions) -> None:
    """The last candidate is marked as not valid, with its issues and cost, and cannot be taken."""
    view.ask()
    stream = server.next()
    stream.send("start", START)
    stream.send("partial", {"data": {"amount": "lots"}, "part": 1, "attempt": 2})
    stream.send("error", FAILED)
    stream.end()
    view.wait()
    expect(view.verdict).to_have_text(
        "Not valid. No answer was valid after 2 attempts. "
        "Below is what the model said last; do not use it as data."
    )
    expect(view.fields.locator(".found-value")).to_have_text(["lots"])
    expect(view.fields.get_by_role("listitem")).to_have_text(["Error: Not a number."])
    expect(view.page.get_by_text("2 attempts", exact=True)).to_be_visible()
    expect(view.page.locator("#spent-all")).to_contain_text("$0.004")
    for name in ("Copy", "Download"):
        expect(view.page.get_by_role("button", name=name, exact=True)).to_be_hidden()


def test_the_next_one_starts_afresh(view: Extracting, server: Extractions) -> None:
    """Nothing of a failure is left beside a result."""
    for event, data in (("error", FAILED), ("done", result())):
        view.start.click() if event == "done" else view.ask()
        stream = server.next()
        stream.send("start", START)
        stream.send(event, data)
        stream.end()
        view.wait()
    expect(view.verdict).to_contain_text("Valid · 7 fields")
    expect(view.page.locator(".found-issues:visible")).to_have_count(0)


def test_a_break_keeps_what_had_come(view: Extracting, server: Extractions) -> None:
    """A provider that breaks is named; the values stay, called unchecked."""
    view.ask()
    stream = server.next()
    stream.send("start", START)
    stream.send("partial", {"data": {"amount": 12}, "part": 1, "attempt": 1})
    detail = "The provider closed the connection."
    stream.send("error", {"status": 502, "code": "cut", "detail": detail, "retryable": True})
    stream.end()
    view.wait()
    expect(view.verdict).to_have_text(
        f"Cut off: {detail} Note: what had come by then was not checked."
    )
    expect(view.fields.locator(".found-value")).to_have_text(["12"])


def test_a_stream_without_an_ending_is_no_result(view: Extracting, server: Extractions) -> None:
    """A connection that just ends is told as a loss."""
    view.ask()
    stream = server.next()
    stream.send("start", START)
    stream.end()
    view.wait()
    expect(view.verdict).to_contain_text("The connection was lost before the extraction was")


def test_a_refused_body_is_explained_by_field(view: Extracting, page: Page) -> None:
    """What the server has against a field stands beside it, until the next try."""
    errors = {"locale": ["There is no locale xx-1."], "schema": {"type": ["Not a type."]}}
    refuse(page, 422, detail="The request does not have the right form.", errors=errors)
    view.locale.fill("xx-1")
    view.ask()
    expect(page.locator("#locale-error")).to_have_text("There is no locale xx-1.")
    expect(view.locale).to_have_attribute("aria-invalid", "")
    expect(page.locator("#schema-error")).to_have_text("Not a type.")
    expect(view.text).to_have_value(TEXT)
    expect(view.notice).to_be_hidden()
    expect(view.verdict).to_have_text("Nothing was extracted.")
    page.unroute(STREAM)
    page.route(STREAM, lambda route: route.abort())
    view.start.click()
    expect(view.notice).to_contain_text("The server could not be reached.")
    expect(page.locator("#locale-error")).to_be_empty()


def test_a_limit_is_told_as_in_the_chat(view: Extracting, page: Page) -> None:
    """A refusal that is about no field is the notice, and the text can be sent again."""
    refuse(page, 429, detail="The limit is spent. Try again in 30 seconds.")
    view.ask()
    expect(view.notice).to_contain_text("The limit is spent. Try again in 30 seconds.")
    expect(view.start).to_be_visible()
    expect(view.text).to_have_value(TEXT)


def test_a_stranger_signs_in_and_goes_on(view: Extracting, page: Page) -> None:
    """A 401 asks for the key; with it the view is back, and so is the text."""

    def guard(route: Route) -> None:
        detail = "Send a key."
        problem = {"status": 401, "code": "not_authenticated", "detail": detail}
        route.fulfill(status=401, content_type=PROBLEM, body=json.dumps(problem))

    def session(route: Route) -> None:
        route.fulfill(json={}) if route.request.method == "POST" else route.continue_()

    page.route(STREAM, guard)
    page.route("**/api/session", session)
    view.ask()
    page.get_by_label("Key").fill("a-key")
    page.unroute(STREAM, guard)
    page.get_by_role("button", name="Sign in").click()
    expect(view.text).to_have_value(TEXT)
    expect(view.start).to_be_visible()


@pytest.mark.parametrize("way", ["button", "escape"])
def test_stopping_asks_the_server(
    view: Extracting, server: Extractions, page: Page, way: str
) -> None:
    """The run is stopped by its id; what had come stays, called unchecked."""
    view.ask()
    stream = server.next()
    stream.send("start", START)
    stream.send("partial", {"data": {"amount": 12}, "part": 1, "attempt": 1})
    expect(view.fields).to_have_count(1)
    stopped: list[str] = []

    def stop(route: Route) -> None:
        stopped.append(route.request.url)
        route.fulfill(json={})
        stream.send("done", {"finish_reason": "stopped", "usage": USAGE, "cost_usd": None})
        stream.end()

    page.route("**/api/runs/run_1/stop", stop)
    view.stop.click() if way == "button" else page.keyboard.press("Escape")
    expect(view.verdict).to_have_text("Stopped: what had come by then was not checked.")
    expect(view.fields.locator(".found-value")).to_have_text(["12"])
    expect(view.notice).to_be_hidden()
    assert len(stopped) == 1


def test_a_server_that_does_not_stop_is_left(view: Extracting, server: Extractions) -> None:
    """Where the stop is not heard the page hangs up, and the server notices."""
    view.ask()
    stream = server.next()
    stream.send("start", START)
    expect(view.verdict).to_have_text("Asking demo/demo …")
    view.stop.click()
    expect(view.verdict).to_have_text("Stopped.")
    assert stream.left.wait(20)


def test_a_file_is_read(view: Extracting, page: Page, tmp_path: Path) -> None:
    """A file of text fills the box; one that is no text is refused with its name."""
    text = tmp_path / "letter.md"
    text.write_bytes("\ufeffGrüße 🙂\r\nTotal 5".encode())
    page.locator("#source-file").set_input_files(text)
    expect(view.text).to_have_value("Grüße 🙂\nTotal 5")
    picture = tmp_path / "scan.txt"
    picture.write_bytes(b"\x89PNG\xff\xfe")
    page.locator("#source-file").set_input_files(picture)
    expect(view.notice).to_contain_text("“scan.txt” is not a text in UTF-8.")
    expect(view.text).to_have_value("Grüße 🙂\nTotal 5")


def test_a_dropped_file_is_read(view: Extracting, page: Page) -> None:
    """Dropped anywhere it becomes the text, and no attachment of a message."""
    script = """() => {
        const data = new DataTransfer();
        data.items.add(new File(["dropped words"], "a.txt", { type: "text/plain" }));
        return data;
    }"""
    page.dispatch_event("#findings", "drop", {"dataTransfer": page.evaluate_handle(script)})
    expect(view.text).to_have_value("dropped words")
    expect(view.notice).to_be_hidden()
    expect(page.locator("#attachments li")).to_have_count(0)
