"""The extraction view: what is asked, what appears, and where it stands in the text."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.extracting import (
    START,
    TEXT,
    USAGE,
    Extracting,
    Extractions,
    extractions,
    field,
    in_text,
    result,
)
from tests.browser.screen import Screen


@pytest.fixture
def server(page: Page) -> Iterator[Extractions]:
    with extractions() as held:
        held.stand_in(page)
        yield held


@pytest.fixture
def view(page: Page, server: Extractions) -> Extracting:
    return Extracting(page).open()


@pytest.fixture
def answered(view: Extracting, server: Extractions) -> Extracting:
    """TEXT, extracted."""
    finish(view, server, result())
    return view


def finish(
    view: Extracting, server: Extractions, done: dict[str, object], text: str = TEXT
) -> None:
    view.ask(text)
    stream = server.next()
    stream.send("start", START)
    stream.send("done", {"finish_reason": "stop", **done})
    stream.end()
    view.wait()


def test_the_sidebar_leads_there_and_back(screen: Screen, page: Page, server: Extractions) -> None:
    """The view has its own address, and the chat behind it keeps what was written."""
    screen.open().message.fill("half a thought")
    link = page.get_by_role("link", name="Extract")
    link.click()
    view = Extracting(page)
    expect(view.text).to_be_focused()
    expect(page).to_have_url(re.compile("#/extract$"))
    expect(screen.title).to_have_text("Extract")
    expect(link).to_have_attribute("aria-current", "page")
    expect(screen.message).to_be_hidden()
    view.text.fill("some text")
    page.get_by_role("button", name="New chat").click()
    expect(screen.message).to_have_value("half a thought")
    expect(screen.title).to_have_text("New chat")
    page.go_back()
    expect(view.text).to_have_value("some text")


def test_the_chat_does_without_all_of_it(screen: Screen, page: Page) -> None:
    """Who only chats loads no script and no style of the extraction."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    screen.open().ask("hello")
    assert asked
    assert not [url for url in asked if "extract" in url]


def test_what_is_asked(view: Extracting, server: Extractions) -> None:
    """Text, schema, model and locale go out as they were chosen."""
    view.locale.fill("en-GB")
    view.ask()
    chosen = {"text": TEXT, "schema": "invoice", "model": "demo/demo", "locale": "en-GB"}
    assert server.next().body == {**chosen, "on_disconnect": "continue"}


def test_a_schema_of_one_s_own(view: Extracting, server: Extractions, page: Page) -> None:
    """A JSON Schema is sent as such; what is none is refused in words, and nobody is asked."""
    view.schema.select_option(label="own JSON Schema")
    own = page.get_by_label("Your JSON Schema")
    own.fill('{"type": "object",}')
    view.text.fill(TEXT)
    view.start.click()
    expect(page.locator("#schema-error")).to_contain_text("This is not JSON: ")
    expect(own).to_be_focused()
    own.fill("[]")
    view.start.click()
    expect(page.locator("#schema-error")).to_have_text("A JSON Schema is an object in braces.")
    own.fill('{"type": "object"}')
    view.start.click()
    assert server.next().body["schema"] == {"type": "object"}
    assert server.asked.empty()


def test_a_schema_says_what_it_holds(view: Extracting, page: Page) -> None:
    """The description and the fields, with those of the items of a list."""
    view.schema.select_option("invoice")
    expect(page.get_by_text("A text of invoice.")).to_be_visible()
    page.get_by_text("3 fields").click()
    fields = page.locator("#schema-fields dl")
    expect(fields.locator("dt")).to_have_text(["amount", "line_items", "line_items.quantity"])
    expect(fields.locator("dd").first).to_have_text("number · the total to be paid")


def test_an_example_brings_its_schema(view: Extracting, page: Page) -> None:
    """An example fills text and schema, and none is offered over what somebody wrote."""
    examples = page.locator("#examples")
    examples.get_by_role("button", name="event").click()
    expect(view.text).to_have_value(re.compile("garden committee"))
    expect(view.schema).to_have_value("event")
    examples.get_by_role("button", name="invoice").click()
    expect(view.text).to_have_value(re.compile("KM-20417"))
    view.text.press_sequentially("my own")
    expect(examples).to_be_hidden()


def test_nothing_is_asked_of_an_empty_text(view: Extracting, server: Extractions) -> None:
    """A text of blanks is refused in a sentence, and the keyboard is where it is needed."""
    view.ask("  \n")
    expect(view.page.get_by_text("There is no text yet")).to_be_visible()
    expect(view.text).to_be_focused()
    assert server.asked.empty()


def test_fields_appear_while_they_come(view: Extracting, server: Extractions) -> None:
    """Values are on the screen before the end, those of one attempt give way to the next one's."""
    view.ask()
    stream = server.next()
    stream.send("start", START)
    stream.send("partial", {"data": {"vendor_name": "Kes"}, "part": 1, "attempt": 1})
    expect(view.fields.locator(".found-value")).to_have_text(["Kes"])
    expect(view.verdict).to_have_text("Asking demo/demo …")
    begun = {"vendor_name": "Kestrel", "line_items": [{"description": "Desk"}]}
    stream.send("partial", {"data": begun, "part": 1, "attempt": 1})
    expect(view.fields.locator(".found-value")).to_have_text(["Kestrel", "Desk"])
    summary = "The answer was not valid: asked again, attempt 2 of 3."
    step = {"index": 1, "summary": summary, "part": 1, "attempt": 2, "code": "invalid"}
    stream.send("step", step)
    stream.send("partial", {"data": {"amount": 1}, "part": 1, "attempt": 2})
    expect(view.fields.locator(".found-name")).to_have_text(["Amount"])
    expect(view.verdict).to_contain_text(summary)
    stream.send("done", result())
    stream.end()
    view.wait()
    expect(view.fields).to_have_count(7)


def test_parts_of_a_long_text_grow_side_by_side(view: Extracting, server: Extractions) -> None:
    """What comes of several parts at once stands under the name of each."""
    view.ask()
    stream = server.next()
    stream.send("start", START)
    for part, vendor in ((1, "One"), (3, "Three"), (1, "One Ltd")):
        stream.send("partial", {"data": {"vendor_name": vendor}, "part": part, "attempt": 1})
    expect(view.fields.locator(".found-value")).to_have_text(["One Ltd", "Three"])
    expect(view.page.get_by_role("heading", name="Part 3 of the text")).to_be_visible()
    stream.end()


def test_each_field_says_where_it_comes_from(answered: Extracting) -> None:
    """Status and confidence stand there in words, rounded down, with what the text says."""
    expect(answered.verdict).to_have_text("Valid · 7 fields: 4 supported, 2 unsupported, 1 absent")
    amount = answered.field("Amount").first
    expect(amount).to_contain_text("Supported · 99 % sure by the evidence")
    expect(amount).to_contain_text("The text says “1,250.00”")
    expect(answered.field("Tax")).to_contain_text("Absent: nothing was found")
    lamp = answered.field("Desk lamp")
    expect(lamp).to_contain_text("Unsupported: this does not stand in the text · 20 % sure")
    expect(answered.page.get_by_role("heading", name="Line items 1")).to_be_visible()
    said = "Valid · 7 fields"
    expect(answered.page.locator("#status")).to_contain_text(said)


@pytest.mark.parametrize(
    ("name", "quote"), [("Due date", "17 November 2026"), ("Currency", "£"), ("1250", "1,250.00")]
)
def test_the_keyboard_lights_the_evidence(answered: Extracting, name: str, quote: str) -> None:
    """A focused field lights its own quote, behind an emoji and accents as well."""
    answered.field(name).focus()
    expect(answered.lit).to_have_text([quote])
    expect(answered.field(name)).to_have_attribute("aria-current", "true")
    answered.field("Tax").focus()
    expect(answered.lit).to_have_count(0)


def test_the_mouse_lights_the_evidence(answered: Extracting) -> None:
    """Pointing at a field is enough."""
    answered.field("Vendor name").hover()
    expect(answered.lit).to_have_text(["Kestrel & Moor Ltd"])


def test_a_highlight_selects_its_field(answered: Extracting) -> None:
    """Pointing at a quote in the text marks its field, and a click takes the keyboard there."""
    answered.marked.get_by_text("17 November 2026").hover()
    expect(answered.page.locator(".found.lit .found-name")).to_have_text(["Due date"])
    answered.marked.get_by_text("1,250.00").click()
    expect(answered.field("1250")).to_be_focused()


def test_what_overlaps_is_lit_as_a_whole(view: Extracting, server: Extractions) -> None:
    """A quote in a quote has its own light, and the longer one all of its pieces."""
    fields = [in_text(["amount"], "£1,250.00"), in_text(["line_items", 0, "amount"], "250")]
    data = {"amount": "1250.00", "line_items": [{"amount": "250"}]}
    finish(view, server, result(data=data, fields=fields))
    view.field("1250.00").focus()
    expect(view.lit).to_have_text(["£1,", "250", ".00"])
    view.field("250").last.focus()
    expect(view.lit).to_have_text(["250"])


def test_a_far_quote_comes_into_sight(view: Extracting, server: Extractions) -> None:
    """The text is scrolled to the evidence, within its own pane."""
    text = "😀 filler\n" * 400 + "Total 77.10"
    place = ("77.10", text.index("77.10"))
    done = result(data={"amount": "77.10"}, fields=[field(["amount"], "supported", place)])
    finish(view, server, done, text)
    expect(view.marked.get_by_text("77.10")).not_to_be_in_viewport()
    view.field("Amount").focus()
    expect(view.lit).to_be_in_viewport()
    expect(view.text).to_be_hidden()


def test_a_quote_that_is_not_there_is_not_lit(view: Extracting, server: Extractions) -> None:
    """Offsets that do not lead to the quote mark nothing."""
    wrong = field(["amount"], "supported", ("1,520.00", TEXT.index("1,250.00")))
    beyond = field(["tax"], "supported", ("9", 4000))
    finish(view, server, result(data={"amount": 1520, "tax": 9}, fields=[wrong, beyond]))
    expect(view.marked.locator("mark")).to_have_count(0)
    expect(view.marked).to_contain_text("Total due: £1,250.00")


def test_issues_stand_beside_their_fields(view: Extracting, server: Extractions) -> None:
    """An issue of a field is told there, one of anything else above, with its place."""
    issues = [
        {"path": ["due_date"], "code": "x", "message": "It is Sunday.", "severity": "warning"},
        {"path": ["line_items"], "code": "sum", "message": "No sum.", "severity": "warning"},
    ]
    finish(view, server, result(issues=issues))
    due = view.fields.filter(has_text="Due date")
    expect(due.get_by_role("listitem")).to_have_text(["Warning: It is Sunday."])
    expect(view.remarks).to_have_text([re.compile("Line items: No sum.")])
    expect(view.verdict).to_contain_text("2 warnings")


def test_cost_and_attempts_stand_below(view: Extracting, server: Extractions) -> None:
    """Tokens, cost and every attempt with what was wrong with it."""
    issue = {"path": ["amount"], "code": "x", "message": "Not a number.", "severity": "error"}
    attempt = {"part": 1, "model": "demo/demo", "usage": USAGE, "cost_usd": 0.0021}
    attempts = [{"number": 1, "issues": [issue], **attempt}, {"number": 2, "issues": [], **attempt}]
    loosened = [{"path": ["properties", "tax"], "keyword": "minimum", "reason": "Not taken."}]
    schema = {"name": "invoice", "version": "1", "loosened": loosened}
    finish(view, server, result(attempts=attempts, schema=schema))
    expect(view.page.locator("#spent-all")).to_have_text(
        "demo/demo · 640 tokens in · 58 out · $0.0042"
    )
    view.page.get_by_text("2 attempts").click()
    row = view.page.get_by_role("row").nth(1)
    expect(row).to_contain_text("demo/demo64058$0.0021Amount: Not a number.")
    view.page.get_by_text("On the way: 1 note").click()
    expect(view.page.get_by_text("not told of “minimum” at properties/tax")).to_be_visible()


def test_what_to_beware_of_is_told(view: Extracting, server: Extractions) -> None:
    """A text that speaks to the model, and what could not be read, which can be shown."""
    start = TEXT.index("Grüße")
    ranges = [[start, start + len("Grüße!")]]
    flags = ["document_speaks_to_the_model"]
    finish(view, server, result(flags=flags, missing_ranges=ranges))
    expect(view.remarks.first).to_contain_text("The document speaks to the model")
    expect(view.remarks.last).to_contain_text("Characters 22 to 27 of the text could not be read")
    view.remarks.last.get_by_role("button", name="Show").click()
    expect(view.lit).to_have_text(["Grüße!"])


def test_what_is_valid_can_be_taken_along(
    context: BrowserContext, view: Extracting, server: Extractions
) -> None:
    """Copy and download give the data as JSON, digit for digit."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    whole = json.dumps(result(data={"amount": 0, "name": "Zoë"}, fields=[]))
    view.ask()
    stream = server.next()
    stream.send("start", START)
    stream.send("done", whole.replace('"amount": 0', '"amount": 12345678901234567890.10'))
    stream.end()
    view.wait()
    expected = '{\n  "amount": 12345678901234567890.10,\n  "name": "Zoë"\n}\n'
    expect(view.fields.first).to_contain_text("12345678901234567890.10")
    view.page.get_by_role("button", name="Copy").click()
    expect(view.page.get_by_role("button", name="Copied")).to_be_visible()
    with view.page.expect_download() as download:
        view.page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "extraction.json"
    assert download.value.path().read_text() == expected
    view.page.get_by_role("button", name="Edit the text").click()
    view.text.fill("")
    view.page.keyboard.press("Control+V")
    expect(view.text).to_have_value(expected)


def test_a_changed_text_is_told(answered: Extracting) -> None:
    """Editing puts the fields in doubt; with the text as it was, a field shows its place again."""
    answered.page.get_by_role("button", name="Edit the text").click()
    expect(answered.text).to_be_focused()
    stale = answered.page.get_by_text("The text has been changed since")
    expect(stale).to_be_hidden()
    answered.text.press_sequentially("!")
    expect(stale).to_be_visible()
    answered.field("Due date").click()
    expect(answered.text).to_be_visible()
    answered.text.fill(TEXT)
    expect(stale).to_be_hidden()
    answered.field("Vendor name").click()
    expect(answered.lit).to_have_text(["Kestrel & Moor Ltd"])


def test_nothing_in_it_is_run(view: Extracting, server: Extractions) -> None:
    """A tag in the text, a value, a name or a sentence is visible words."""
    tag = "<img src=x onerror=alert(1)>"
    issue = {"path": [], "code": "x", "message": tag, "severity": "warning"}
    fields = [field([tag], "supported", (tag, 0))]
    finish(view, server, result(data={tag: tag}, fields=fields, issues=[issue]), tag)
    for place in (view.marked, view.field(tag), view.remarks.first):
        expect(place).to_contain_text(tag, ignore_case=True)
    expect(view.page.locator("#main img[src=x]")).to_have_count(0)
