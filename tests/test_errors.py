"""The tree of errors is what its drawing says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from app import errors
from app.errors import NotFound, ParleyError, ProviderError, ProviderTimeout

_DRAWN = re.compile(r"^ {4}(.*?)(\w+) +(\d{3}) +(\w+)", re.MULTILINE)


def every(error: type[ParleyError] = ParleyError) -> Iterator[type[ParleyError]]:
    """Ours, and not those that a test has made."""
    yield error
    for kind in error.__subclasses__():
        if kind.__module__.startswith(errors.__name__):
            yield from every(kind)


ALL = list(every())


def made(kind: type[ParleyError], **kwargs: object) -> ParleyError:
    known: dict[str, object] = {}
    if issubclass(kind, ProviderError):
        known = {"provider": "openai", "model": "gpt-4o"}
    if issubclass(kind, ProviderTimeout):
        known["limit"] = "read"
    if issubclass(kind, NotFound):
        return kind("run")
    return kind("Something is wrong.", **known, **kwargs)  # type: ignore[arg-type]


def test_the_drawing_is_the_tree() -> None:
    """Each class stands in the docstring with its status, code and place, and no other does."""
    above: list[str] = []
    drawn = set()
    for indent, name, status, code in _DRAWN.findall(errors.__doc__ or ""):
        above[len(indent) // 4 :] = [name]
        drawn.add((name, above[-2] if len(above) > 1 else "Exception", int(status), code))
    assert drawn == {(k.__name__, k.__bases__[0].__name__, k.status, k.code) for k in ALL}


def test_a_code_names_one_error() -> None:
    """A program can branch on the code: none is shared, but with one's own kinds."""
    codes = [kind.code for kind in ALL if "code" in vars(kind)]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("kind", ALL)
def test_a_problem_says_what_rfc_9457_asks(kind: type[ParleyError]) -> None:
    """Type, title, status and detail are there, with our code, and the title is the status's."""
    problem = made(kind).problem("req_1")
    assert problem.type == f"urn:parley:{kind.code}"
    assert problem.title == HTTPStatus(kind.status).phrase
    assert (problem.status, problem.code, problem.request_id) == (kind.status, kind.code, "req_1")
    assert problem.detail.endswith(".")
    assert problem.retryable is kind.retryable


@pytest.mark.parametrize("kind", ALL)
def test_only_what_may_pass_is_retryable(kind: type[ParleyError]) -> None:
    """What the caller got wrong will be wrong again; what is too much now will not always be."""
    if kind.status < 500 and kind.status != 429:
        assert not kind.retryable
    if kind.status in (429, 503, 504):
        assert kind.retryable


@pytest.mark.parametrize(("wait", "said"), [(None, None), (0.0, 1), (0.2, 1), (1.4, 1), (90.0, 90)])
def test_a_wait_is_whole_seconds(wait: float | None, said: int | None) -> None:
    """Retry-After takes whole seconds, and never says that there is no need to wait."""
    assert errors.Unavailable("Busy.", retry_after=wait).problem().retry_after == said
