"""CORS_ORIGINS: what is an origin, and what is not."""

from __future__ import annotations

import pytest

from app.config import Config, ConfigError
from app.config.origins import read


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ("*",)),
        (" https://app.example ", ("https://app.example",)),
        ("https://a.test,http://localhost:3000", ("https://a.test", "http://localhost:3000")),
        ("https://a.test,, https://a.test", ("https://a.test",)),
        ("HTTPS://App.Example", ("https://app.example",)),
        ("https://a.test:443,http://a.test:80", ("https://a.test", "http://a.test")),
        ("https://a.test:80", ("https://a.test:80",)),
        ("http://[::1]:3000", ("http://[::1]:3000",)),
        ("capacitor://localhost", ("capacitor://localhost",)),
        ("https://xn--bcher-kva.example", ("https://xn--bcher-kva.example",)),
    ],
)
def test_what_is_an_origin(text: str, origins: tuple[str, ...]) -> None:
    """Each is kept as a browser writes it in Origin."""
    assert read(text) == origins


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "app.example",
        "https://",
        "https://app.example/",
        "https://app.example/path",
        "https://app.example?x",
        "https://user@app.example",
        "https://*.app.example",
        "https://app.example:0",
        "https://app.example:99999",
        "https://bücher.example",
        "https://a.test https://b.test",
        "*,https://a.test",
        "file://",
    ],
)
def test_what_is_none(text: str) -> None:
    """Paths, patterns, `null` and the like are refused in a sentence."""
    with pytest.raises(ValueError, match=r"is not an origin: .*\.$|stands alone\.$"):
        read(text)


def test_everybody_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no key is in force, `*` stops the start."""
    monkeypatch.setenv("CORS_ORIGINS", "*")
    with pytest.raises(ConfigError, match="CORS_ORIGINS: without PORT") as caught:
        Config.from_env()
    assert len(caught.value.problems) == 1
    monkeypatch.setenv("PORT", "8000")
    monkeypatch.setenv("ADMIN_KEY", "a-key-of-the-tests")
    assert Config.from_env().cors_origins == ("*",)
