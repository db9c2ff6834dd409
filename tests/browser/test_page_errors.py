"""What goes wrong is said in a sentence, and nothing that was written is lost."""

import json
from collections.abc import Mapping

from playwright.sync_api import Page, expect

from tests.browser.screen import Screen, answering, sent

PROBLEM = "application/problem+json"
SSE = "text/event-stream"
START = {
    "run_id": "run_1",
    "conversation_id": "conv_1",
    "message_id": "msg_2",
    "user_message_id": "msg_1",
    "parent_id": None,
    "model": "demo/demo",
    "truncated_turns": 2,
}


def _problem(detail: str, *, status: int = 429, retryable: bool = True) -> dict[str, object]:
    return {"status": status, "code": "some_code", "detail": detail, "retryable": retryable}


def _frames(*events: tuple[str, Mapping[str, object]]) -> str:
    return "".join(
        f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
        for number, (name, data) in enumerate(events, start=1)
    )


def test_a_refused_message_comes_back(screen: Screen, page: Page) -> None:
    """The problem's sentence is shown and the text is in the box again."""
    refusal = json.dumps(_problem("The limit is spent. Try again in 30 seconds."))
    page.route("**/api/chat/stream", answering(PROBLEM, refusal, 429))
    screen.open().say("please")
    expect(screen.notice).to_contain_text("The limit is spent. Try again in 30 seconds.")
    expect(screen.message).to_have_value("please")
    expect(screen.questions).to_have_count(0)
    page.get_by_role("button", name="Dismiss").click()
    expect(screen.notice).to_be_hidden()


def test_a_server_that_is_gone_is_told_apart(screen: Screen, page: Page) -> None:
    """Without a connection the page says so in words."""
    page.route("**/api/chat/stream", lambda route: route.abort())
    screen.open().say("anyone?")
    expect(screen.notice).to_contain_text("The server could not be reached.")


def test_an_answer_that_breaks_is_shown_as_broken(screen: Screen, page: Page) -> None:
    """A cut answer keeps its text, names the error and offers to try again."""
    error = _problem("The provider closed the connection.", status=502)
    body = _frames(("start", START), ("delta", {"text": "Half an ans"}), ("error", error))
    page.route("**/api/chat/stream", answering(SSE, body))
    screen.open().say("tell me")
    expect(screen.answers.last.locator(".text")).to_have_text("Half an ans")
    expect(screen.ending()).to_contain_text("Cut off: The provider closed the connection.")
    expect(screen.answers.last.locator(".usage")).to_contain_text("2 earlier turns left out")
    with page.expect_request("**/api/conversations/conv_1/regenerate/stream") as request:
        screen.ending().get_by_role("button", name="Try again").click()
    assert sent(request.value)["message_id"] == "msg_2"


def test_no_retry_is_offered_where_it_cannot_help(screen: Screen, page: Page) -> None:
    """An error that is not retryable has no such button."""
    error = _problem("The provider refused this.", status=400, retryable=False)
    page.route("**/api/chat/stream", answering(SSE, _frames(("start", START), ("error", error))))
    screen.open().say("tell me")
    expect(screen.ending()).to_contain_text("Cut off: The provider refused this.")
    expect(screen.page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_stream_without_an_ending_is_not_taken_for_whole(screen: Screen, page: Page) -> None:
    """A connection that just ends is shown as a cut."""
    body = _frames(("start", START), ("delta", {"text": "And then"}))
    page.route("**/api/chat/stream", answering(SSE, body))
    screen.open().say("go on")
    expect(screen.ending()).to_contain_text("Cut off: the connection was lost")


def test_reasoning_and_unknown_events_do_no_harm(screen: Screen, page: Page) -> None:
    """Reasoning can be unfolded, an event of the future is ignored, details of usage are shown."""
    usage = {
        "input_tokens": 1200,
        "cached_input_tokens": 1000,
        "output_tokens": 50,
        "reasoning_tokens": 40,
    }
    done = {"finish_reason": "length", "usage": usage, "cost_usd": "0.001234"}
    body = _frames(
        ("start", START),
        ("reasoning", {"text": "Let me think."}),
        ("hologram", {"x": 1}),
        ("delta", {"text": "Yes."}),
        ("done", done),
    )
    page.route("**/api/chat/stream", answering(SSE, body))
    screen.open().say("think")
    expect(screen.ending()).to_contain_text("reached the limit of its length")
    expect(screen.answers.last.locator(".usage")).to_contain_text(
        "1,200 tokens in (1,000 cached) · 50 out (40 reasoning) · $0.00123"
    )
    expect(page.get_by_text("Let me think.")).to_be_hidden()
    screen.answers.last.locator("summary").click()
    expect(page.get_by_text("Let me think.")).to_be_visible()


def test_an_unknown_conversation_leads_to_a_new_chat(screen: Screen, page: Page) -> None:
    """A dead link says so and leaves the person somewhere useful."""
    screen.open("/#/c/conv_unknown")
    expect(screen.notice).to_be_visible()
    expect(page.get_by_role("heading", name="What is on your mind?")).to_be_visible()
