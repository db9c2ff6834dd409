"""Images that go with a message: given in three ways, seen before and after, taken back by keys."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.pictures import png, saved
from tests.browser.screen import Screen, answering, sent
from tests.browser.test_page_layout import PHONE

URL = "data:image/png;base64," + b64encode(png()).decode()
COPY = """(async () => {
  const bytes = Uint8Array.from(atob("%s"), (letter) => letter.charCodeAt(0));
  const blob = new Blob([bytes], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
})()"""


@pytest.fixture(scope="module")
def base_url(quick: str) -> str:
    return quick


@pytest.fixture
def posted(page: Page) -> list[Request]:
    """What the page has asked of the chat."""
    requests: list[Request] = []

    def note(request: Request) -> None:
        if "/api/chat" in request.url:
            requests.append(request)

    page.on("request", note)
    return requests


def attached(page: Page) -> Locator:
    return page.get_by_role("list", name="Attached images").locator("img")


def choose(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach images").click()
    chooser.value.set_files(list(files))


def drop(page: Page, file: Path) -> None:
    """Over the middle of the page, as from a file manager."""
    browser = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        where = {"type": kind, "x": 600, "y": 300, "data": data}
        browser.send("Input.dispatchDragEvent", where)


def paste(page: Page) -> None:
    """What another program has copied."""
    browser = page.context.new_cdp_session(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = COPY % b64encode(png()).decode()
    browser.send("Runtime.evaluate", {"expression": copy, "awaitPromise": True})
    page.get_by_label("Your message").press("ControlOrMeta+v")


@pytest.mark.parametrize("way", ["button", "drop", "paste"])
def test_an_image_goes_with_a_message(
    screen: Screen, page: Page, tmp_path: Path, posted: list[Request], way: str
) -> None:
    """It is shown above the box, sent with the text, shown in the conversation, and kept there."""
    screen.open()
    if way == "button":
        choose(page, saved(tmp_path))
    elif way == "drop":
        drop(page, saved(tmp_path))
    else:
        paste(page)
    expect(attached(page)).to_have_count(1)
    screen.ask("what is this?")
    expect(attached(page)).to_have_count(0)
    image = sent(posted[0])["images"]
    assert len(image) == 1
    assert image[0].startswith("data:image/png;base64,")
    assert way == "paste" or image == [URL]
    for _ in range(2):
        expect(screen.questions.get_by_role("img", name="Image 1 of 1")).to_be_visible()
        expect(screen.questions.locator("img")).to_have_attribute("src", image[0])
        page.reload()


def test_images_are_taken_back_by_keyboard(
    screen: Screen, page: Page, tmp_path: Path, posted: list[Request]
) -> None:
    """Each has a button; the focus goes on to the next one, and at last to the box."""
    screen.open()
    choose(page, *(saved(tmp_path, f"{name}.png") for name in "abc"))
    expect(attached(page)).to_have_count(3)
    remove = page.get_by_role("button", name="Remove")
    page.get_by_role("button", name="Remove “b.png”").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove “c.png”")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove “a.png”")).to_be_focused()
    page.keyboard.press("Enter")
    expect(remove).to_have_count(0)
    expect(screen.message).to_be_focused()
    screen.ask("without")
    assert "images" not in sent(posted[0])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"text", "“notes.txt” is not an image in PNG, JPEG, GIF or WebP."),
        ("drawing.svg", b"<svg/>", "“drawing.svg” is not an image in PNG, JPEG, GIF or WebP."),
        ("big.png", bytes(8_000_000), "With “big.png” the images would be larger than 7.5 MB"),
    ],
)
def test_what_cannot_be_attached(
    screen: Screen, page: Page, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """The wrong kind and too much of it are refused in a sentence, and what was there stays."""
    screen.open()
    choose(page, saved(tmp_path))
    drop(page, saved(tmp_path, name, content))
    expect(screen.notice).to_contain_text(said)
    expect(attached(page)).to_have_count(1)


def test_eight_images_are_enough(screen: Screen, page: Page, tmp_path: Path) -> None:
    """A ninth is refused."""
    screen.open()
    choose(page, *(saved(tmp_path, f"{number}.png") for number in range(9)))
    expect(screen.notice).to_contain_text("no more than 8 images")
    expect(attached(page)).to_have_count(8)


def test_an_image_needs_a_word(screen: Screen, page: Page, tmp_path: Path) -> None:
    """A message of images alone is not sent, and the page says what is missing."""
    screen.open()
    choose(page, saved(tmp_path))
    screen.send.click()
    expect(screen.notice).to_contain_text("Write something to go with the image.")
    expect(attached(page)).to_have_count(1)
    expect(screen.questions).to_have_count(0)


def test_what_the_server_refuses_comes_back(screen: Screen, page: Page, tmp_path: Path) -> None:
    """A file that only pretends is refused by the server, and text and image are there again."""
    screen.open()
    choose(page, saved(tmp_path, "page.png", b"<!doctype html>"))
    screen.say("look")
    expect(screen.notice).to_contain_text("Image 1: It is not an image in PNG, JPEG, GIF or WebP.")
    expect(screen.message).to_have_value("look")
    expect(page.get_by_role("button", name="Remove “Image 1”")).to_be_visible()


def test_an_edit_keeps_the_images(
    screen: Screen, page: Page, tmp_path: Path, posted: list[Request]
) -> None:
    """Other words under the same image."""
    screen.open()
    choose(page, saved(tmp_path))
    screen.ask("what is this?")
    screen.questions.hover()
    page.get_by_role("button", name="Edit the message").click()
    page.get_by_label("Edit your message").fill("what was this?")
    page.get_by_label("Edit your message").press("Enter")
    screen.wait()
    assert sent(posted[1])["images"] == [URL]
    expect(screen.questions.locator("img")).to_have_count(1)


def test_a_model_that_cannot_see(screen: Screen, page: Page, tmp_path: Path) -> None:
    """The server's word about it is shown."""
    detail = "This model cannot see images."
    problem = {"status": 422, "code": "invalid_request", "detail": detail, "retryable": False}
    page.route(
        "**/api/chat/stream", answering("application/problem+json", json.dumps(problem), 422)
    )
    screen.open()
    choose(page, saved(tmp_path))
    screen.say("look")
    expect(screen.notice).to_contain_text(detail)
    expect(attached(page)).to_have_count(1)


@pytest.mark.parametrize("context_options", [PHONE], ids=["phone"])
def test_images_on_a_phone(screen: Screen, page: Page, tmp_path: Path) -> None:
    """Neither thumbnails nor a wide image stick out at 360 pixels."""
    screen.open()
    wide = saved(tmp_path, "wide.png", png(2_000, 300))
    choose(page, *[wide] * 8)
    expect(attached(page)).to_have_count(8)
    for image in attached(page).all():
        box = image.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    screen.ask("wide")
    for image in screen.questions.locator("img").all():
        box = image.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
