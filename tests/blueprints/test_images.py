"""Images with a message: taken in, kept, shown again, sent on; or refused by index."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.keeping import listed
from tests.blueprints.talk import chat, is_problem, messages, rows, streamed
from tests.upstream import Upstream

CONTENT = b64encode(b"\x89PNG\r\n\x1a\n and the rest").decode()
URL = f"data:image/png;base64,{CONTENT}"
OTHER = "data:image/gif;base64," + b64encode(b"GIF89a and the rest").decode()
LIMIT = 30_000


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return {**with_upstream, "max_image_bytes": LIMIT, "max_body_bytes": 10_000}


def refused(client: FlaskClient, *images: str, **body: Any) -> dict[str, list[str]]:
    """By index; and nothing is stored."""
    asked = {"message": "look", "images": images, **body}
    for path in ("/api/chat", "/api/chat/stream"):
        answer = client.post(path, json=asked, buffered=True)
        errors = is_problem(answer, 422, "invalid_request")["errors"]
        assert set(errors) == {"images"}
    found: dict[str, list[str]] = errors["images"]
    return found


def test_images_are_kept(client: FlaskClient) -> None:
    """They stand with the message they came with, in their order, and with no other."""
    said = chat(client, "look", images=[URL, OTHER])
    streamed(client, "and now?", conversation_id=said["conversation_id"], images=[OTHER])
    chat(client, "well?", conversation_id=said["conversation_id"], images=None)
    kept = messages(client, said["conversation_id"])
    assert [message["images"] for message in kept] == [[URL, OTHER], [], [OTHER], [], [], []]
    assert [message["content"] for message in kept[::2]] == ["look", "and now?", "well?"]


def test_the_real_type_counts(client: FlaskClient) -> None:
    """A PNG that is called a JPEG is kept as a PNG."""
    said = chat(client, images=[URL.replace("image/png", "image/jpeg")])
    assert messages(client, said["conversation_id"])[0]["images"] == [URL]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_images_reach_the_model(client: FlaskClient, upstream: Upstream, provider: str) -> None:
    """In every turn from theirs on, and for another answer too."""
    model = {"model": f"{provider}/mock-2"}
    first = chat(client, "look", images=[URL], **model)
    chat(client, "again", conversation_id=first["conversation_id"], **model)
    path = f"/api/conversations/{first['conversation_id']}/regenerate"
    assert client.post(path, json=model, buffered=True).status_code == 200
    assert [json.dumps(body).count(CONTENT) for body in upstream.requests] == [1, 1, 1]


def test_an_export_has_them(client: FlaskClient) -> None:
    """As a word in Markdown, whole in JSON."""
    said = chat(client, "look", images=[URL, OTHER])
    path = f"/api/conversations/{said['conversation_id']}/export"
    assert "## You\n\n[image]\n\n[image]\n\nlook\n" in client.get(path).text
    kept = json.loads(client.get(f"{path}?format=json").data)["messages"][0]
    assert kept["parts"][0] == {"type": "image", "media_type": "image/png", "data": CONTENT}


def test_a_search_does_not_read_them(client: FlaskClient) -> None:
    """What is found is what was said."""
    chat(client, "look", images=[URL])
    assert len(listed(client, q="look")) == 1
    assert listed(client, q=CONTENT[:12]) == []
    assert listed(client, q="image") == []


def test_the_key_covers_them(client: FlaskClient) -> None:
    """The same key with the same images is the same run, and with others a conflict."""

    def post(*images: str) -> Any:
        headers = {"Idempotency-Key": "once"}
        body = {"message": "look", "images": images}
        return client.post("/api/chat", json=body, headers=headers, buffered=True)

    first = post(URL).get_json()
    assert post(URL).get_json()["run_id"] == first["run_id"]
    for images in ([OTHER], [URL, URL], []):
        is_problem(post(*images), 409, "conflict")


def test_wrong_forms(client: FlaskClient, services: Services, upstream: Upstream) -> None:
    """Each is named by its index, with a sentence."""
    form = (
        "A data URL must begin with data:image/TYPE;base64, where TYPE is png, jpeg, gif or webp."
    )
    scheme = "Must begin with https:// or data:."
    wrong = {
        "http://example.com/a.png": scheme,
        "file:///etc/passwd": scheme,
        "ftp://example.com/a.png": scheme,
        "": scheme,
        "HTTPS": scheme,
        "data:": form,
        "data:image/svg+xml;base64,PHN2Zz4=": form,
        "data:text/html;base64,PGI+": form,
        "data:image/png,abc": form,
        "data:image/jpg;base64,/9j/": form,
        "https://example.com/" + "a" * 2_000: "An address may have 2000 characters.",
    }
    errors = {}
    for source in wrong:
        errors[source] = refused(client, URL, source)
    assert errors == {source: {"1": [said]} for source, said in wrong.items()}
    assert set(rows(services).values()) == {0}
    assert upstream.requests == []


def test_wrong_contents(client: FlaskClient, services: Services) -> None:
    """What is no image, what is not base64, and what is nowhere in public: each by its index."""
    text = "data:image/png;base64," + b64encode(b"<svg/>").decode()
    errors = refused(client, text, URL, URL + "*", "https://127.0.0.1/", "https://localhost:8000/")
    assert errors == {
        "0": ["It is not an image in PNG, JPEG, GIF or WebP."],
        "2": ["What follows base64, is not base64."],
        "3": ["Its host has no public address."],
        "4": ["Its address names another port than 443."],
    }
    assert set(rows(services).values()) == {0}


def large(size: int) -> str:
    content = b"\xff\xd8\xff".ljust(size, b"x")
    return "data:image/jpeg;base64," + b64encode(content).decode()


def test_how_large_they_may_be(client: FlaskClient) -> None:
    """Up to the limit together, beside a text that has a limit of its own."""
    chat(client, "x" * 9_000, images=[large(LIMIT // 2)] * 2)
    errors = refused(client, large(LIMIT // 2), large(LIMIT // 2 + 1))
    assert errors == {"1": ["With it the images have more than 30000 bytes together."]}


@pytest.mark.parametrize(
    "body",
    [
        {"images": [large(LIMIT), large(LIMIT)]},
        {"images": [large(LIMIT)], "message": "x" * 10_001},
        {"message": "x" * 10_001},
        {"images": [], "system": "x" * 10_001},
        {"images": "x" * 60_000},
        {"images": [["x" * 11_000]]},
    ],
)
def test_a_body_that_is_too_large(client: FlaskClient, services: Services, body: Any) -> None:
    """It is 413, which names the variables; the room for images is for nothing else."""
    for path in ("/api/chat", "/api/chat/stream"):
        answer = client.post(path, json={"message": "look", **body}, buffered=True)
        said = is_problem(answer, 413, "body_too_large")
        assert "MAX_BODY_BYTES" in said["detail"]
        assert "MAX_IMAGE_BYTES" in said["detail"]
    assert set(rows(services).values()) == {0}


def test_other_routes_have_no_room_for_images(client: FlaskClient) -> None:
    """Their bodies are as small as before."""
    made = chat(client)["conversation_id"]
    body = {"title": "x", "images": [large(9_000)]}
    is_problem(client.patch(f"/api/conversations/{made}", json=body), 413, "body_too_large")
