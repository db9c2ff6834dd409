"""Tools at work, as a person sees them, with the real server and its demo model."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import serving
from tests.browser.screen import CONVERSATION, Screen

# The demo model calls what it is told to use, with what it finds in the text.
NOTE = "use send_note for ada@example.com"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("tools"), TOOLS_MODULES="tests.browser.errands") as url:
        yield url


class Agent(Screen):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.switch = page.get_by_role("button", name="Use tools")
        self.calls = page.get_by_role("list", name="Tools at work").get_by_role("listitem")
        self.card = page.get_by_role("group", name="May")
        self.steps = page.locator("article.assistant .steps")

    def with_tools(self) -> "Agent":
        self.open()
        self.switch.click()
        return self

    def press(self, name: str) -> None:
        self.card.get_by_role("button", name=name, exact=True).click()

    def log(self) -> Locator:
        """The fold-out under the last answer, opened."""
        self.steps.last.locator("> summary").click()
        return self.steps.last.locator(".step")


@pytest.fixture
def agent(page: Page) -> Agent:
    return Agent(page)


def test_the_steps_stand_under_the_answer(agent: Agent) -> None:
    """An answer that took a tool says how many steps and calls, and unfolds them."""
    answer = agent.with_tools().ask("what is 12*7")
    expect(answer).to_contain_text("84")
    expect(agent.steps.locator("> summary")).to_contain_text("2 steps · 1 tool call · ")
    steps = agent.log()
    expect(steps).to_have_count(2)
    expect(steps.first).to_contain_text("Called calculator.")
    expect(steps.first.locator(".call-arguments")).to_have_text("expression: 12*7")


def test_the_steps_are_there_after_a_reload(agent: Agent, page: Page) -> None:
    """What was done for an old answer is fetched when it is asked for."""
    agent.with_tools().ask("what is 3*5")
    page.reload()
    expect(agent.steps.locator("> summary")).to_have_text("1 tool call")
    expect(agent.log().first).to_contain_text("Called calculator.")
    expect(agent.steps.locator("> summary")).to_contain_text("2 steps · 1 tool call · ")


def test_the_switch_is_remembered(agent: Agent, page: Page) -> None:
    """Whoever has switched tools on finds them on."""
    agent.with_tools()
    expect(agent.switch).to_have_attribute("aria-pressed", "true")
    agent.open()
    expect(agent.switch).to_have_attribute("aria-pressed", "true")


def test_without_the_switch_no_tool_is_called(agent: Agent) -> None:
    """A message goes to the chat as long as tools are off."""
    agent.open().ask("what is 12*7")
    expect(agent.steps).to_be_hidden()


def test_a_failure_of_a_tool_is_shown(agent: Agent) -> None:
    """What a tool could not do stands in the log with its reason."""
    agent.with_tools().ask("use break_down")
    step = agent.log().first
    expect(step.locator(".call.failed")).to_contain_text("The shelf is empty.")


def test_a_tool_under_way_can_be_stopped(agent: Agent) -> None:
    """A call is on the screen while it runs, and Stop ends it."""
    agent.with_tools().say("use take_long")
    expect(agent.calls).to_have_count(1)
    expect(agent.calls.locator(".call-name")).to_have_text("take_long")
    expect(agent.calls.first).to_have_class("call running")
    agent.stop.click()
    expect(agent.ending()).to_contain_text("Stopped")
    expect(agent.calls).to_have_count(0)


def test_an_approval(agent: Agent) -> None:
    """A call that needs it shows what would be done, and is done once it is approved."""
    agent.with_tools().say(NOTE)
    expect(agent.card).to_contain_text("May send_note be called with this?")
    expect(agent.card).to_contain_text("Without a decision by ")
    agent.press("Approve")
    expect(agent.card).to_have_count(0)
    expect(agent.wait()).to_contain_text("sent")


def test_a_denial(agent: Agent) -> None:
    """A call that is denied is not made, and the answer goes on."""
    agent.with_tools().say(NOTE)
    agent.press("Deny")
    answer = agent.wait()
    expect(answer).to_contain_text("could not help")
    expect(answer).not_to_contain_text("sent")


def test_an_edit_by_the_keyboard(agent: Agent, page: Page) -> None:
    """The card takes the focus, and arguments can be edited and approved without a mouse."""
    agent.with_tools().message.fill(NOTE)
    agent.message.press("Enter")
    expect(agent.card).to_be_focused()
    agent.card.get_by_role("button", name="Edit").focus()
    page.keyboard.press("Enter")
    area = agent.card.get_by_label("Arguments, as JSON")
    expect(area).to_be_focused()
    area.fill('{"email": "grace@example.com"}')
    area.press("Control+Enter")
    expect(agent.wait()).to_contain_text("grace@example.com")


def test_bad_arguments_are_explained(agent: Agent) -> None:
    """What the tool has against edited arguments stands on the card, which stays."""
    agent.with_tools().say(NOTE)
    agent.press("Edit")
    area = agent.card.get_by_label("Arguments, as JSON")
    area.fill("not JSON")
    agent.press("Approve edited")
    expect(agent.card.get_by_role("alert")).to_have_text("The arguments must be a JSON object.")
    area.fill('{"words": 1}')
    agent.press("Approve edited")
    expect(agent.card.get_by_role("alert")).to_contain_text("The arguments do not fit the tool.")
    agent.press("Deny")
    agent.wait()


def test_a_parked_run_is_found_after_a_reload(agent: Agent, page: Page) -> None:
    """A call that waits is on the screen again after a reload, and can be approved then."""
    agent.with_tools().say(NOTE)
    expect(agent.card).to_be_visible()
    expect(page).to_have_url(CONVERSATION)
    page.reload()
    expect(agent.card).to_contain_text("send_note")
    agent.press("Approve")
    expect(agent.wait()).to_contain_text("sent")
    expect(agent.answers).to_have_count(1)


def test_a_parked_run_can_be_stopped(agent: Agent) -> None:
    """Stop ends a run that waits."""
    agent.with_tools().say(NOTE)
    expect(agent.card).to_be_visible()
    agent.stop.click()
    expect(agent.ending()).to_contain_text("Stopped")
    expect(agent.card).to_have_count(0)


def test_a_decision_elsewhere_is_heard(agent: Agent, page: Page) -> None:
    """What is decided in another window goes on in this one."""
    agent.with_tools().say(NOTE)
    expect(agent.card).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    Agent(other).press("Approve")
    expect(agent.wait()).to_contain_text("sent")
    other.close()
