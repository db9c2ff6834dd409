"""What a model says is shown, never run. Every test here fails on a console error, as all do."""

from playwright.sync_api import Dialog, Page, Request, expect

from tests.browser.screen import LONG, Screen

SCRIPT = "<script>alert(document.domain)</script>"
HANDLER = "<img src=x onerror=alert(1)>"


def test_a_script_in_an_answer_stays_text(screen: Screen, page: Page) -> None:
    """A script tag and an event handler are visible words, and nothing runs."""
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    answer = screen.open().ask(f"{SCRIPT} {HANDLER}")
    for message in (answer, screen.questions.last):
        expect(message).to_contain_text(SCRIPT)
        expect(message).to_contain_text(HANDLER)
        expect(message.locator("script, img")).to_have_count(0)
    expect(screen.entry(SCRIPT)).to_be_visible()
    assert dialogs == []


def test_an_image_in_an_answer_loads_nothing(screen: Screen, page: Page) -> None:
    """A remote image is a link with its text: loading it would tell its server what was said."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    answer = screen.open().ask("![a chart](https://images.invalid/leak.png?q=secret)")
    expect(answer.get_by_role("link", name="a chart")).to_have_attribute(
        "rel", "noopener noreferrer nofollow"
    )
    expect(answer.locator("img")).to_have_count(0)
    assert not [request.url for request in asked if "images.invalid" in request.url]


def test_a_chat_breaks_no_rule_of_the_page(
    screen: Screen, page: Page, complaints: list[str]
) -> None:
    """A whole chat under the strict policy draws no violation, error or warning."""
    served = page.goto("/")
    assert served is not None
    policy = served.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    screen.ask(LONG)
    page.reload()
    expect(screen.answers.last.locator("pre")).to_be_visible()
    assert complaints == []


def test_the_page_asks_nobody_but_its_server(screen: Screen, page: Page, base_url: str) -> None:
    """No third party sees a request."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    screen.open().ask("hello")
    assert asked
    assert not [url for url in asked if not url.startswith((base_url, "data:", "blob:"))]
