"""The models that can be asked, by the names that callers use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import gevent
import pytest

from app.errors import ProviderError, UnknownModel, Unreachable
from app.events import ModelEvent
from app.profiles import Profile
from app.providers.base import ModelRequest, Provider
from app.services import models
from app.services.models import Models


class Fake:
    """Counts how often it is asked for its models; `wait` seconds it takes to answer."""

    def __init__(self, name: str, listed: Sequence[str] | None, wait: float = 0.0) -> None:
        self.name = name
        self.asked = 0
        self.listed = listed
        self._wait = wait

    def models(self) -> Sequence[str]:
        self.asked += 1
        gevent.sleep(self._wait)
        if self.listed is None:
            raise Unreachable(f"{self.name} cannot be reached.", provider=self.name)
        return self.listed

    def default_model(self) -> str:
        return self.models()[0]

    def profile(self, model: str) -> Profile:
        return Profile(context_window=1)

    def stream(self, request: ModelRequest) -> Iterator[Sequence[ModelEvent]]:
        raise NotImplementedError

    def count(self, request: ModelRequest) -> int | None:
        return None

    def close(self) -> None:
        pass


def known(*providers: Provider, chosen: str | None = None) -> Models:
    return Models({provider.name: provider for provider in providers}, chosen)


def ids(found: Models) -> list[str]:
    return [model.id for model in found.every()]


@pytest.mark.parametrize(
    ("wanted", "resolved"),
    [
        (None, "one/a"),
        ("", "one/a"),
        ("one", "one/a"),
        ("two", "two/b"),
        ("two/", "two/b"),
        ("two/x", "two/x"),
        ("two/vendor/x:7b", "two/vendor/x:7b"),
    ],
)
def test_names(wanted: str | None, resolved: str) -> None:
    """A name is provider/model; the provider alone means its default, nothing the first one's."""
    assert known(Fake("one", ["a"]), Fake("two", ["b"])).resolve(wanted)[0].model.id == resolved


def test_a_chosen_default() -> None:
    """What the configuration chose is the default, whatever comes first."""
    found = known(Fake("one", ["a"]), Fake("two", ["b"]), chosen="two/x")
    assert found.resolve(None)[0].model.id == "two/x"


def test_a_chosen_provider_that_is_down_is_no_reason_not_to_start() -> None:
    """A bare provider as the chosen default is asked when somebody wants it, and not before."""
    down = Fake("one", None)
    found = known(down, chosen="one")
    assert down.asked == 0
    with pytest.raises(ProviderError):
        found.resolve(None)


@pytest.mark.parametrize("wanted", ["three", "three/a", "/a", "ONE/a", " one/a", "one /a"])
def test_a_name_that_nobody_has(wanted: str) -> None:
    """An unknown provider is an error that lists the known ones."""
    with pytest.raises(UnknownModel) as caught:
        known(Fake("one", ["a"]), Fake("two", ["b"])).resolve(wanted)
    assert "one, two" in caught.value.detail


def test_a_default_that_cannot_be_had_is_asked_for_again() -> None:
    """A provider that was down when the default was wanted is not given up."""
    down = Fake("one", None)
    found = known(down)
    for _ in range(2):
        with pytest.raises(ProviderError):
            found.resolve(None)
    assert down.asked == 2


def test_the_list_leaves_out_who_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One provider that fails and one that dawdles cost the list only their own models."""
    monkeypatch.setattr(models, "_PATIENCE", 0.05)
    found = known(Fake("one", ["a", "b"]), Fake("down", None), Fake("slow", ["c"], wait=60))
    with gevent.Timeout(10):
        assert ids(found) == ["one/a", "one/b"]


def test_all_are_asked_at_once() -> None:
    """The list takes as long as the slowest, not as long as all together."""
    found = known(*(Fake(f"p{number}", ["m"], wait=0.3) for number in range(20)))
    with gevent.Timeout(3):
        assert len(found.every()) == 20


def test_the_list_is_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers are not asked for every caller, but asked again in time."""
    one = Fake("one", ["a"])
    found = known(one)
    assert [ids(found), ids(found)] == [["one/a"], ["one/a"]]
    assert one.asked == 1
    monkeypatch.setattr(models, "_FRESH", -1.0)
    assert ids(found) == ["one/a"]
    assert one.asked == 2


def test_an_old_list_beats_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that is down for a moment does not lose its models, and is asked again soon."""
    one = Fake("one", ["a"])
    found = known(one)
    assert ids(found) == ["one/a"]
    monkeypatch.setattr(models, "_FRESH", -1.0)
    one.listed = None
    assert ids(found) == ["one/a"]
    monkeypatch.setattr(models, "_RETRY", -1.0)
    one.listed = ["a", "b"]
    assert ids(found) == ["one/a", "one/b"]


def test_many_callers_ask_once() -> None:
    """While a provider is being asked, others wait for the same answer."""
    slow = Fake("slow", ["a"], wait=0.05)
    found = known(slow)
    jobs = [gevent.spawn(ids, found) for _ in range(20)]
    gevent.joinall(jobs, raise_error=True)
    assert {tuple(job.get()) for job in jobs} == {("slow/a",)}
    assert slow.asked == 1
