"""What is known about models, from whom, and who counts more."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, get_args

import gevent
import pytest
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from anthropic.types import model_param
from openai.types.shared import chat_model

from app.config import Config
from app.errors import ProviderError
from app.messages import user
from app.profiles import Profile, today
from app.providers import profiles, registry
from app.providers.base import ModelRequest, Provider, Tool
from app.providers.profiles import Profiles
from app.servers import CompatibleServer
from tests.logged import lines_of
from tests.providers.announcing import Announcing

_SUNSET = "Sat, 01 Feb 2020 00:00:00 GMT"


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.fixture
def upstream() -> Iterator[Announcing]:
    with Announcing() as server:
        yield server


def built(upstream: Announcing, **settings: Any) -> dict[str, Provider]:
    return registry.build(
        Config(
            openai_base_url=f"{upstream.url}/v1",
            anthropic_base_url=upstream.url,
            compatible=(CompatibleServer("own", f"{upstream.url}/v1"),),
            **settings,
        )
    )


@pytest.fixture
def providers(upstream: Announcing) -> Iterator[dict[str, Provider]]:
    made = built(upstream)
    yield made
    for provider in made.values():
        provider.close()


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Sequence[Any]:
    return lines_of(profiles, monkeypatch)


def ask(provider: Provider, model: str, **settings: Any) -> None:
    for _ in provider.stream(ModelRequest(model=model, messages=(user("Hello"),), **settings)):
        pass


def warned(logs: Sequence[Any]) -> list[tuple[str, str]]:
    return [(line["model"], line["detail"]) for line in logs if line["event"] == "model_ends"]


def test_every_date_of_openais_is_known() -> None:
    """The SDK states them in prose; each one is in our data, and ours has no other for a name."""
    prose = inspect.getsource(chat_model)
    stated = re.findall(r'- ("[^:]+"):\s+Announced\s+shutdown\s+date:\s+([\d-]+)', prose)
    days = {name: day for names, day in stated for name in re.findall(r'"([^"]+)"', names)}
    assert len(days) > 50
    known = Profiles("openai", 1)
    ours = {name: known.of(name).retires for name in get_args(chat_model.ChatModel)}
    assert {name: str(day) for name, day in ours.items() if day} == days


def test_every_date_of_anthropics_is_known(providers: dict[str, Provider]) -> None:
    """The SDK's own table is used; a date of an unforeseen form would fail the start."""
    for name, text in DEPRECATED_MODELS.items():
        day = providers["anthropic"].profile(name).retires
        assert day is not None
        assert re.fullmatch(rf"{day:%B} {day.day}(st|nd|rd|th), {day.year}", text)


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        ("openai", get_args(chat_model.ChatModel)),
        ("anthropic", get_args(get_args(model_param.ModelParam)[0])),
    ],
)
def test_every_model_of_an_sdk_has_a_profile(provider: str, names: tuple[str, ...]) -> None:
    """Our data fits together for each of them, and no output is larger than the window."""
    assert len(names) > 20
    for name in names:
        profile = Profiles(provider, 2_000_000).of(name)
        assert (profile.max_output_tokens or 0) <= profile.context_window


@pytest.mark.parametrize("name", ["openai", "anthropic", "demo"])
def test_the_default_model_stays(providers: dict[str, Provider], name: str) -> None:
    """Nobody who has just set a key is given a model that is about to go."""
    provider = providers[name]
    assert provider.profile(provider.default_model()).ending(today() + timedelta(days=60)) is None


@pytest.mark.parametrize(
    ("provider", "model", "fields"),
    [
        (
            "openai",
            "gpt-4o",
            {"reasoning": False, "temperature": "yes", "max_output_tokens": 16384},
        ),
        ("openai", "gpt-4", {"images": False, "strict_schema": False, "context_window": 8192}),
        ("openai", "gpt-4-turbo", {"images": True, "max_output_tokens": 4096}),
        ("openai", "o3", {"reasoning": True, "temperature": "no", "minimal_effort": False}),
        ("openai", "o3-mini", {"images": False}),
        ("openai", "gpt-5", {"temperature": "no", "minimal_effort": True, "tools": True}),
        ("openai", "gpt-5-chat-latest", {"temperature": "yes", "reasoning": False}),
        ("openai", "gpt-5.2", {"temperature": "without_reasoning", "minimal_effort": False}),
        ("openai", "gpt-5.6-sol", {"temperature": "no", "reasoning_with_tools": False}),
        ("openai", "gpt-6.1-sol", {"tools": False, "temperature": "no"}),
        ("anthropic", "claude-haiku-4-5", {"max_output_tokens": 64_000, "temperature": "ignored"}),
        ("anthropic", "claude-haiku-5-5", {"max_output_tokens": 128_000, "images": True}),
    ],
)
def test_our_data(provider: str, model: str, fields: dict[str, Any]) -> None:
    """What vendors document of a few models of each kind."""
    profile = Profiles(provider, 1).of(model)
    assert {name: getattr(profile, name) for name in fields} == fields


@pytest.mark.parametrize("provider", ["openai", "own"])
def test_of_a_stranger_nothing_is_denied(providers: dict[str, Provider], provider: str) -> None:
    """A model that nobody knows can do everything, in a window of the usual size."""
    window = {"openai": 128_000, "own": 32_768}[provider]
    assert providers[provider].profile("heard-of-by-nobody") == Profile(context_window=window)


def test_who_counts_more(upstream: Announcing) -> None:
    """Our data; over it the provider's list; over that its headers; over all the configuration."""
    overrides = {"openai/gpt-4*": {"max_output_tokens": 7}, "openai/gpt-4o": {"images": False}}
    before = built(upstream, model_profiles=overrides)
    provider = before["openai"]
    usual = provider.profile("gpt-4o")
    assert (usual.max_output_tokens, usual.images, usual.reasoning) == (7, False, False)
    assert usual.retires == date(2027, 1, 14)

    upstream.listed = {"data": [{"id": "gpt-4o", "shutdown_date": "2031-01-01"}]}
    provider.models()
    assert provider.profile("gpt-4o").retires == date(2031, 1, 1)

    upstream.headers["Sunset"] = _SUNSET
    ask(provider, "gpt-4o")
    assert provider.profile("gpt-4o").retires == date(2020, 2, 1)

    overrides["openai/*"] = {"retires": None, "deprecated": False}
    after = built(upstream, model_profiles=overrides)
    assert after["openai"].profile("gpt-4o").retires is None
    for made in [*before.values(), *after.values()]:
        made.close()


def test_a_list_takes_the_place_of_the_last(
    upstream: Announcing, providers: dict[str, Provider]
) -> None:
    """What a server says today counts, and what it does not say any more is forgotten."""
    own = providers["own"]
    for listed, windows in [
        ({"data": [{"id": "a", "context_length": 5}, {"id": "b", "context_length": 6}]}, (5, 6)),
        ([{"id": "b", "context_length": 7}], (32_768, 7)),
    ]:
        upstream.listed = listed
        own.models()
        assert (own.profile("a").context_window, own.profile("b").context_window) == windows


def test_anthropics_list_is_heeded(upstream: Announcing, providers: dict[str, Provider]) -> None:
    """What its API says of a model is taken from the SDK's objects, however incomplete they are."""
    upstream.listed = {
        "data": [
            {"id": "claude-new", "max_tokens": 9, "capabilities": {"image_input": {}}},
            {
                "id": "claude-old",
                "lifecycle": "deprecated",
                "retires_at": "2027-03-04T00:00:00Z",
                "capabilities": "none",
            },
        ],
        "has_more": False,
    }
    anthropic = providers["anthropic"]
    assert list(anthropic.models()) == ["claude-new", "claude-old"]
    assert anthropic.profile("claude-new").max_output_tokens == 9
    old = anthropic.profile("claude-old")
    assert (old.deprecated, old.retires) == (True, date(2027, 3, 4))


@pytest.mark.parametrize("provider", ["openai", "anthropic", "own"])
@pytest.mark.parametrize("status", ["200 OK", "410 Gone"])
def test_headers_are_heard_of_every_adapter(
    upstream: Announcing,
    providers: dict[str, Provider],
    logs: Sequence[Any],
    provider: str,
    status: str,
) -> None:
    """Whatever the answer was, what its head says of the model is known, and logged once."""
    upstream.headers.update({"Sunset": _SUNSET, "Deprecation": "@1577836800"})
    upstream.status = status
    for _ in range(3):
        with suppress(ProviderError):
            ask(providers[provider], "x")
    assert len(upstream.bodies) == 3
    profile = providers[provider].profile("x")
    assert (profile.deprecated, profile.retires) == (True, date(2020, 2, 1))
    assert warned(logs) == [(f"{provider}/x", "It was to be retired on 2020-02-01.")]
    assert not providers[provider].profile("y").deprecated


def test_a_model_that_ends_is_warned_of_when_it_is_used(logs: Sequence[Any]) -> None:
    """Once for each model, also where nothing but our data says it; never of one that stays."""
    known = Profiles("own", 1, {"own/going": {"retires": today() + timedelta(days=3)}})
    for model in ("going", "fine", "going"):
        known.hear(model, {})
    assert warned(logs) == [("own/going", f"It retires on {today() + timedelta(days=3)}.")]


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, logs: Sequence[Any]) -> None:
    """A caller who invents models fills neither the memory nor the log."""
    monkeypatch.setattr(profiles, "_MOST", 10)
    known = Profiles("own", 1)
    for number in range(50):
        known.hear(f"m{number}", {"deprecation": "true"})
    assert len(warned(logs)) == 10
    assert sum(known.of(f"m{number}").deprecated for number in range(50)) == 10


@pytest.mark.parametrize(
    ("model", "asked", "effort"),
    [
        ("gpt-5", {"reasoning_effort": "minimal"}, "minimal"),
        ("gpt-5.4-mini", {"reasoning_effort": "minimal"}, "low"),
        ("gpt-5.4-mini", {"reasoning_effort": "high"}, "high"),
        ("gpt-5.4-mini", {}, None),
        ("gpt-5.4-mini", {"tools": True}, "none"),
        ("gpt-5", {"tools": True, "reasoning_effort": "low"}, "low"),
        ("gpt-4o", {"tools": True}, None),
    ],
)
def test_openais_efforts(
    upstream: Announcing,
    providers: dict[str, Provider],
    model: str,
    asked: dict[str, Any],
    effort: str | None,
) -> None:
    """A model is asked for an effort that it knows, and for none where it has tools."""
    if asked.pop("tools", False):
        asked["tools"] = (Tool(name="look", description="Looks.", parameters={}),)
    ask(providers["openai"], model, **asked)
    assert upstream.bodies[-1].get("reasoning_effort") == effort
