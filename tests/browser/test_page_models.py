"""The model picker."""

from playwright.sync_api import Page, expect

from tests.browser.screen import Screen, sent

TWO = {
    "default": "demo/demo",
    "models": [
        {"id": "demo/demo", "provider": "demo"},
        {"id": "elsewhere/large", "provider": "elsewhere"},
    ],
}


def test_the_server_s_default_is_chosen(screen: Screen) -> None:
    """Who has chosen nothing gets the server's default, and can see which it is."""
    screen.open()
    expect(screen.model).to_have_value("demo/demo")


def test_the_choice_is_sent_and_remembered(screen: Screen, page: Page) -> None:
    """The chosen model goes out with the message and is still chosen after a reload."""
    page.route("**/api/models", lambda route: route.fulfill(json=TWO))
    screen.open().model.select_option("elsewhere/large")
    with page.expect_request("**/api/chat/stream") as request:
        screen.say("to the large one")
    assert sent(request.value)["model"] == "elsewhere/large"
    expect(screen.notice).to_be_visible()
    page.reload()
    expect(screen.model).to_have_value("elsewhere/large")


def test_a_model_that_is_gone_gives_way_to_the_default(screen: Screen, page: Page) -> None:
    """A remembered model that the server no longer has is not sent."""
    page.route("**/api/models", lambda route: route.fulfill(json=TWO))
    screen.open().model.select_option("elsewhere/large")
    page.unroute("**/api/models")
    page.reload()
    expect(screen.model).to_have_value("demo/demo")


def test_an_alias_can_be_chosen(screen: Screen, page: Page) -> None:
    """It stands among the models, and is what is sent where it is the server's default."""
    aliases = [{"id": "sturdy", "models": ["elsewhere/large", "demo/demo"]}]
    known = {**TWO, "default": "sturdy", "aliases": aliases}
    page.route("**/api/models", lambda route: route.fulfill(json=known))
    expect(screen.open().model).to_have_value("sturdy")
    with page.expect_request("**/api/chat/stream") as request:
        screen.say("to whoever is there")
    assert sent(request.value)["model"] == "sturdy"
