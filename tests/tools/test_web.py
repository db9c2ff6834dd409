"""fetch_url: what it says of pages, and that it reaches the public web and nothing else."""

from __future__ import annotations

import json
import time
from typing import Any

import gevent
import pytest

from app.errors import BadInput
from app.services.fetching import Fetcher
from app.tools.shipped.web import fetch_url
from app.tools.tool import BadArguments, Fetched, ToolFailed
from tests.tools.scenes import called, scene


def page(content: bytes, media_type: str = "text/html", charset: str | None = None) -> Any:
    """What fetch_url makes of it."""
    found = Fetched("https://a.test/b", media_type, charset, content)
    return called(fetch_url, '{"url": "https://a.test/"}', scene(lambda *_: found))


def test_a_page() -> None:
    """Address, title and text come back."""
    assert page(b"<title>T</title><p>Hello") == {
        "url": "https://a.test/b",
        "title": "T",
        "text": "Hello",
        "start": 0,
        "characters": 5,
    }


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("ä€".encode(), None, "ä€"),
        ("\ufeffä".encode(), None, "ä"),
        ("ä€".encode("cp1252"), None, "ä€"),
        ("ä€".encode("cp1252"), "windows-1252", "ä€"),
        ("ä".encode("utf-16"), "UTF-16", "ä"),
        ("日本".encode("shift_jis"), "shift_jis", "日本"),
        (b"a\xff", "utf-8", "a\ufffd"),
        (b"abc", "rot13", "abc"),
        (b"abc-", "punycode", "abc-"),
        (b"abc", "no-such", "abc"),
    ],
)
def test_encodings(content: bytes, charset: str | None, text: str) -> None:
    """A page is read as it says, or as it can be; what only looks like an encoding is not used."""
    assert page(content, "text/plain", charset)["text"] == text


def test_a_long_text() -> None:
    """It comes in parts."""
    content = b"".join(b"%06d " % number for number in range(5_000))
    found = Fetched("https://a.test/", "text/plain", None, content)
    parts = [
        called(fetch_url, json.dumps({"url": "x", "start": start}), scene(lambda *_: found))
        for start in (0, 20_000, 40_000)
    ]
    assert [len(part["text"]) for part in parts] == [20_000, 15_000, 0]
    assert {part["characters"] for part in parts} == {35_000}
    assert parts[1]["text"].startswith(content[20_000:20_010].decode())


@pytest.mark.parametrize(
    "media_type", ["application/pdf", "image/png", "application/octet-stream", "multipart/x"]
)
def test_what_is_no_text(media_type: str) -> None:
    """Of other kinds of files nothing is told but what they are."""
    with pytest.raises(ToolFailed, match=f"It is {media_type}, and only text can be read."):
        page(b"%PDF", media_type)


@pytest.mark.parametrize("media_type", ["application/json", "application/ld+json", "text/csv"])
def test_what_is_text(media_type: str) -> None:
    """It is passed on as it is."""
    assert page(b'{"a": "<b>"}', media_type)["text"] == '{"a": "<b>"}'


@pytest.mark.parametrize(
    "address",
    [
        *["http://127.0.0.1/", "http://localhost/", "https://[::1]/", "http://0x7f.1/"],
        *["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://metadata/"],
        *["file:///etc/passwd", "gopher://a.test/", "ftp://a.test/", "http://a.test:8080/"],
        *["http://ada:secret@a.test/", "//a.test/", "javascript:alert(1)", "http://", "\0"],
    ],
)
def test_what_is_not_public(address: str) -> None:
    """With the real guard and the system's resolver nothing but the public web is asked."""
    fetch = Fetcher(http=80).fetch
    with pytest.raises(ToolFailed, match="could not be read"):
        called(fetch_url, json.dumps({"url": address}), scene(fetch))


def test_the_limits() -> None:
    """A page may have a million bytes, and the run's deadline holds."""
    asked: list[tuple[Any, ...]] = []

    def fetch(url: str, accept: str, limit: int, seconds: float) -> Fetched:
        asked.append((url, accept, limit, seconds))
        raise BadInput("It is too large.")

    for seconds in (30.0, 1.5, -1.0):
        with pytest.raises(ToolFailed, match="It is too large"):
            called(fetch_url, '{"url": "https://a.test/"}', scene(fetch, seconds=seconds))
    assert [args[0] for args in asked] == ["https://a.test/"] * 3
    assert {args[2] for args in asked} == {1_000_000}
    first, second, third = (args[3] for args in asked)
    assert (first, third) == (20.0, 0.0)
    assert 0 < second <= 1.5


def test_an_address_that_is_too_long() -> None:
    """It is refused before anything is asked."""
    with pytest.raises(BadArguments):
        called(fetch_url, json.dumps({"url": "https://a.test/" + "a" * 2_000}))


def test_a_long_page_lets_others_work() -> None:
    """While it is read, time limits strike."""
    found = Fetched("https://a.test/", "text/html", None, b"<p>\n" * 250_000)
    began = time.monotonic()
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.1):
        called(fetch_url, '{"url": "x"}', scene(lambda *_: found))
    assert time.monotonic() - began < 5
